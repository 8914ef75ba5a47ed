//! Ids of children that are taken.

use duroxide::{ActivityRegistry, OrchestrationContext, OrchestrationRegistry};

use super::{app, memory, run_on};

#[tokio::test(flavor = "multi_thread")]
async fn suborch_id_collision_between_executions() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "parent",
            |ctx: OrchestrationContext, round: String| async move {
                let child =
                    ctx.schedule_sub_orchestration_with_id("child", "the-child", round.as_str());
                let told = child.await;
                // Ids that are made up differ from execution to execution.
                let own = ctx.schedule_sub_orchestration("child", "own").await?;
                match round.as_str() {
                    "first" => ctx.continue_as_new("second").await,
                    _ => Ok(format!("{}; {own}", told.unwrap_err())),
                }
            },
        )
        .register(
            "child",
            |_: OrchestrationContext, text| async move { Ok(text) },
        );
    let program = app(ActivityRegistry::builder().build(), orchestrations);
    let world = run_on(memory(), &program).await;
    let output = world.output("p", "parent", "first").await;
    assert!(output.contains("`the-child` already exists"), "{output}");
    assert!(output.ends_with("; own"), "{output}");
    let all = world.client.list_all_instances().await.unwrap();
    assert_eq!(all, ["p", "p::sub::2_4", "p::sub::4", "the-child"]);
    world.stop().await;
}
