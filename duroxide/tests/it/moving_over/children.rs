//! Sub-orchestrations and detached ones.

use duroxide::{
    ActivityContext, ActivityRegistry, EventKind, OrchestrationContext, OrchestrationRegistry,
};

use super::{PATIENCE, start};

fn activities() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("Upper", |_ctx: ActivityContext, text: String| async move {
            Ok(text.to_uppercase())
        })
        .build()
}

async fn child(ctx: OrchestrationContext, text: String) -> Result<String, String> {
    if text.is_empty() {
        return Err("nothing to do".to_owned());
    }
    ctx.schedule_activity("Upper", text).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_gives_its_result_under_an_id_of_its_own() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Child", child)
        .register(
            "Parent",
            |ctx: OrchestrationContext, text: String| async move {
                let one = ctx.schedule_sub_orchestration("Child", text).await?;
                let two = ctx
                    .schedule_sub_orchestration_with_id("Child", "my-child", "two")
                    .await?;
                let three = ctx
                    .schedule_sub_orchestration_typed::<String, String>(
                        "Child",
                        &"three".to_string(),
                    )
                    .await?;
                Ok(format!("{one} {two} {three}"))
            },
        )
        .build();
    let app = start(activities(), orchestrations).await;
    assert_eq!(
        app.run("p", "Parent", "one").await.unwrap(),
        "ONE TWO THREE"
    );
    let tree = app.client.get_instance_tree("p").await.unwrap();
    assert_eq!(tree.size(), 4);
    assert!(tree.all_ids.contains(&"my-child".to_owned()));
    assert!(tree.all_ids.iter().any(|id| id.starts_with("p::sub::")));
    let history = app.history("p").await;
    assert!(history.iter().any(|event| matches!(&event.kind,
        EventKind::SubOrchestrationScheduled { name, instance, input, .. }
            if name == "Child" && instance == "my-child" && input == "two")));
    let descriptor = app
        .runtime
        .get_orchestration_descriptor("my-child")
        .await
        .unwrap();
    assert_eq!(descriptor.parent_instance.as_deref(), Some("p"));
    assert!(descriptor.parent_id.is_some());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_failure_of_a_child_is_an_error_of_the_call() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Child", child)
        .register(
            "Parent",
            |ctx: OrchestrationContext, _: String| async move {
                let error = ctx
                    .schedule_sub_orchestration("Child", "")
                    .await
                    .unwrap_err();
                Ok(format!("caught: {error}"))
            },
        )
        .build();
    let app = start(activities(), orchestrations).await;
    assert_eq!(
        app.run("p", "Parent", "").await.unwrap(),
        "caught: nothing to do"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_fan_out_and_chain() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Leaf", child)
        .register(
            "Middle",
            |ctx: OrchestrationContext, text: String| async move {
                ctx.schedule_sub_orchestration("Leaf", text).await
            },
        )
        .register(
            "Root",
            |ctx: OrchestrationContext, text: String| async move {
                let calls: Vec<_> = text
                    .split(' ')
                    .map(|word| ctx.schedule_sub_orchestration("Middle", word))
                    .collect();
                let words: Result<Vec<String>, String> =
                    ctx.join(calls).await.into_iter().collect();
                Ok(words?.join(" "))
            },
        )
        .build();
    let app = start(activities(), orchestrations).await;
    assert_eq!(app.run("r", "Root", "a b c").await.unwrap(), "A B C");
    assert_eq!(app.client.get_instance_tree("r").await.unwrap().size(), 7);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_orchestration_goes_its_own_way() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Child", child)
        .register(
            "Parent",
            |ctx: OrchestrationContext, _: String| async move {
                ctx.schedule_orchestration("Child", "apart", "far");
                ctx.schedule_orchestration_typed("Child", "apart-too", &"away".to_string());
                ctx.schedule_activity("Upper", "done").await
            },
        )
        .build();
    let app = start(activities(), orchestrations).await;
    assert_eq!(app.run("p", "Parent", "").await.unwrap(), "DONE");
    assert_eq!(app.end("apart").await.unwrap(), "FAR");
    let typed = app
        .client
        .wait_for_orchestration_typed::<String>("apart-too", PATIENCE)
        .await;
    assert_eq!(typed.unwrap().unwrap(), "AWAY");
    assert!(
        app.client
            .get_instance_tree("p")
            .await
            .unwrap()
            .is_root_only()
    );
    let info = app.client.get_instance_info("apart").await.unwrap();
    assert_eq!(info.parent_instance_id, None);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_continues_as_new_answers_with_its_last_execution() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Count",
            |ctx: OrchestrationContext, number: String| async move {
                let number: u32 = number.parse().map_err(|_| "no number".to_owned())?;
                if number < 5 {
                    return ctx.continue_as_new((number + 1).to_string()).await;
                }
                Ok(format!("{number} in execution {}", ctx.execution_id()))
            },
        )
        .register(
            "Parent",
            |ctx: OrchestrationContext, _: String| async move {
                ctx.schedule_sub_orchestration("Count", "0").await
            },
        )
        .build();
    let app = start(activities(), orchestrations).await;
    assert_eq!(
        app.run("p", "Parent", "").await.unwrap(),
        "5 in execution 6"
    );
    app.stop().await;
}
