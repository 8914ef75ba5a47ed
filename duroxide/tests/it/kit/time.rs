//! Virtual time: it passes when all wait, or when the test says so.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[orchestration]
async fn kit_sleeper(ctx: &OrchestrationContext, days: u32) -> Result<u32, String> {
    for _ in 0..days {
        ctx.schedule_timer(DAY).await;
    }
    Ok(days)
}

#[duroxide::test]
async fn thirty_days_pass_at_once(env: TestEnv) {
    let handle = kit_sleeper::start(&env.client(), 30).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), 30);
    assert_eq!(env.elapsed(), 30 * DAY);
}
