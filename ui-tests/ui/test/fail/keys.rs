//! Keys that `#[duroxide::test(..)]` does not know, or not so.

use duroxide::testing::TestEnv;

#[duroxide::test(autoskip = false)]
async fn unknown(env: TestEnv) {
    drop(env);
}

#[duroxide::test(auto_skip = "no")]
async fn no_bool(env: TestEnv) {
    drop(env);
}

#[duroxide::test(auto_skip = false, auto_skip = true)]
async fn twice(env: TestEnv) {
    drop(env);
}

fn main() {}
