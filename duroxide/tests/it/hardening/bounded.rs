//! A request to end is obeyed at once, in virtual time: by whatever waits for whatever, and by all that
//! it started.

use std::time::Duration;

use duroxide::testing::TestEnv;
use duroxide::{
    InstanceSearch, OrchestrationContext, OrchestrationRegistry, OrchestrationStatus, join2, join3,
};

const YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// Waits for an activity, a timer, an event, a message, and a child that does the same.
async fn family(ctx: OrchestrationContext, depth: String) -> Result<String, String> {
    let depth: u32 = depth.parse().map_err(|_| "no number")?;
    let (slow, later) = (ctx.schedule_activity("slow", ""), ctx.schedule_timer(YEARS));
    let (event, message) = (ctx.schedule_wait("go"), ctx.dequeue_event("queue"));
    let outside = join3(later, event, message);
    if depth == 0 {
        drop(join2(slow, outside).await);
    } else {
        let child = ctx.schedule_sub_orchestration("family", (depth - 1).to_string());
        drop(join3(slow, outside, child).await);
    }
    Ok(String::new())
}

#[duroxide::test]
async fn a_family_that_is_cancelled_ends_at_once_whatever_it_waits_for(env: TestEnv) {
    let orchestrations = OrchestrationRegistry::builder()
        .register("family", family)
        .build();
    env.register_orchestrations(&orchestrations);
    env.mock_named("slow", |_: String| async {
        tokio::time::sleep(YEARS).await;
        Ok(String::new())
    });
    let client = env.client();
    client
        .start_orchestration("a", "family", "4")
        .await
        .unwrap();
    env.settle().await;
    env.skip(Duration::from_secs(3_600)).await;
    let running = client.list_instances(&InstanceSearch::new()).await.unwrap();
    let ids: Vec<String> = running
        .instances
        .into_iter()
        .map(|instance| instance.instance_id)
        .collect();
    assert_eq!(ids.len(), 5, "{ids:?}");

    let asked = env.elapsed();
    client.cancel_instance("a", "enough").await.unwrap();
    for id in &ids {
        let ended = client.wait_for_orchestration(id, YEARS).await.unwrap();
        assert!(
            matches!(ended, OrchestrationStatus::Failed { .. }),
            "{id}: {ended:?}"
        );
    }
    let took = env.elapsed().saturating_sub(asked);
    assert!(took <= Duration::from_secs(1), "{took:?}");
}
