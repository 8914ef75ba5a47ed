//! `#[duroxide::test]` on what is no such test.

use duroxide::testing::TestEnv;

#[duroxide::test]
fn not_async(env: TestEnv) {
    drop(env);
}

#[duroxide::test]
async fn without_its_environment() {}

#[duroxide::test]
async fn with_more(env: TestEnv, number: u32) {
    drop((env, number));
}

#[duroxide::test]
async fn of_anything<T>(env: TestEnv) {
    drop(env);
}

#[duroxide::test]
#[tokio::test]
async fn twice(env: TestEnv) {
    drop(env);
}

struct Suite;

impl Suite {
    #[duroxide::test]
    async fn a_method(&self) {}
}

#[duroxide::test]
struct NoFunction;

fn main() {}
