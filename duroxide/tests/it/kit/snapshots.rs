//! A history as text.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;

#[activity]
async fn kit_book(_ctx: &ActivityContext, seat: u32, id: String) -> Result<String, String> {
    Ok(format!("{seat} as {id}"))
}

#[orchestration]
async fn kit_trip(ctx: &OrchestrationContext, seat: u32) -> Result<String, String> {
    let id = ctx.new_guid().to_string();
    let booked = kit_book(ctx, seat, id).await?;
    ctx.schedule_timer(Duration::from_secs(3 * 86_400 + 90))
        .await;
    let go = ctx.schedule_wait("go").await;
    Ok(format!("{booked}: {go}"))
}

const EXPECTED: &str = r#"`kit_trip` 1.0.0
  1  started with 7
  2  activity `kit_book`: {"seat":7,"id":"<id 1>"}
  3  -> 2 gave "7 as <id 1>"
  4  timer: 3d 1m 30s
  5  -> 4 is due
  6  waits for event `go`
  7  event `go`: now
  8  completed with "7 as <id 1>: now"
"#;

#[duroxide::test]
async fn a_history_reads_the_same_after_every_run(env: TestEnv) {
    for instance in ["one", "another"] {
        let handle = kit_trip::start(&env.client(), 7)
            .id(instance)
            .await
            .unwrap();
        env.raise_event_after(Duration::from_secs(4 * 86_400), instance, "go", "now");
        handle.result().await.unwrap();
        let history = env.history(instance).await.unwrap();
        assert_eq!(history.snapshot(), EXPECTED);
    }
}
