//! Closures that cannot stand in for what they are to stand in for.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;

#[activity]
async fn charge(_ctx: &ActivityContext, order: String, cents: u64) -> Result<u64, String> {
    drop(order);
    Ok(cents)
}

#[orchestration]
async fn child(_ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(1)
}

#[duroxide::test]
async fn too_few_parameters(env: TestEnv) {
    env.mock::<charge>(|cents| Ok(cents));
}

#[duroxide::test]
async fn another_result(env: TestEnv) {
    env.mock::<charge>(|_, _| Ok("paid"));
}

#[duroxide::test]
async fn no_result(env: TestEnv) {
    env.mock::<charge>(|_, cents| cents);
}

#[duroxide::test]
async fn another_parameter(env: TestEnv) {
    env.mock::<charge>(|_, cents: String| Err(cents));
}

#[duroxide::test]
async fn a_child_later(env: TestEnv) {
    env.mock::<child>(|| async { Ok(1) });
}

fn main() {}
