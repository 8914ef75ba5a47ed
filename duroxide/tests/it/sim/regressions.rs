//! What the simulation found, as small worlds of their own.

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::EnvRef;
use duroxide::provider::ProviderRef;
use duroxide::provider::model::ModelProvider;
use duroxide::runtime::{Runtime, RuntimeOptions};
use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};

use super::env::SimEnv;
use super::executor::{Executor, Group, Step};
use super::faulty::Faulty;
use super::plan::Plan;
use super::shared::Shared;
use crate::support::dice::Dice;

const NODE: Group = Group(1);
const HARNESS: Group = Group(4);

/// Giving back an activity to a store that takes its time outlived the shutdown, and reached the
/// store behind it.
#[test]
fn a_shutdown_waits_for_no_store_that_does_not_answer() {
    let mut plan = Plan::quiet();
    // Every call takes longer than a shutdown waits.
    (plan.delay, plan.long_delay) = (1_000, 1_000);
    let executor = Executor::new(Dice::new(1));
    let shared = Shared::new(&executor, plan);
    let env = SimEnv::new(&executor, NODE, 0);
    let world: EnvRef = Arc::clone(&env) as EnvRef;
    let store: ProviderRef = Arc::new(ModelProvider::new(Arc::clone(&world)));
    let line = Faulty::new(&store, &shared, Dice::new(1));
    let forever = |_: ActivityContext, _: String| std::future::pending();
    let main = |ctx: OrchestrationContext, _: String| async move {
        ctx.schedule_activity("forever", "").await
    };
    let options = RuntimeOptions {
        // The lock lasts, so that the activity is under way until it is stopped.
        worker_lock_timeout: Duration::from_secs(10_000),
        ..RuntimeOptions::default()
    };
    let runtime = Runtime::start_in(
        world,
        Arc::clone(&line) as Arc<_>,
        ActivityRegistry::builder()
            .register("forever", forever)
            .build(),
        OrchestrationRegistry::builder()
            .register("main", main)
            .build(),
        options,
    );
    let (client, seen) = (runtime.client(), Arc::clone(&shared));
    let scene = async move {
        while client.start_orchestration("a", "main", "").await.is_err() {}
        seen.executor.sleep(Duration::from_secs(300)).await;
        runtime.shutdown(Some(Duration::ZERO)).await;
        assert_eq!(seen.executor.tasks_of(NODE), 0);
        line.close();
    };
    executor.spawn(HARNESS, Box::pin(scene));
    while executor.step() != Step::Over {}
    assert_eq!(executor.tasks_of(HARNESS), 0, "the shutdown ended");
    assert_eq!(shared.violation(), None);
}
