//! Management calls, from outside and from an activity.

use duroxide::{
    ActivityContext, ActivityRegistry, InstanceFilter, OrchestrationContext, OrchestrationRegistry,
    OrchestrationStatus, PruneOptions,
};

use super::{no_activities, start};

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_listed_looked_at_and_deleted() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Ok",
            |_ctx: OrchestrationContext, text: String| async move { Ok(text) },
        )
        .register(
            "Bad",
            |_ctx: OrchestrationContext, text: String| async move { Err(text) },
        )
        .register("Long", |ctx: OrchestrationContext, _: String| async move {
            Ok(ctx.schedule_wait("end").await)
        })
        .build();
    let app = start(no_activities(), orchestrations).await;
    let client = &app.client;
    assert!(client.has_management_capability());
    app.run("a", "Ok", "fine").await.unwrap();
    app.run("b", "Bad", "not fine").await.unwrap_err();
    client.start_orchestration("c", "Long", "").await.unwrap();
    assert_eq!(client.list_all_instances().await.unwrap(), ["a", "b", "c"]);
    assert_eq!(
        client.list_instances_by_status("Running").await.unwrap(),
        ["c"]
    );
    assert_eq!(
        client.list_instances_by_status("Failed").await.unwrap(),
        ["b"]
    );
    let info = client.get_instance_info("a").await.unwrap();
    assert_eq!(
        (info.status.as_str(), info.output.as_deref()),
        ("Completed", Some("fine"))
    );
    assert!(info.created_at > 0 && info.created_at <= info.updated_at);
    let execution = client.get_execution_info("b", 1).await.unwrap();
    assert_eq!(
        (execution.status.as_str(), execution.event_count),
        ("Failed", 2)
    );
    let metrics = client.get_system_metrics().await.unwrap();
    assert_eq!((metrics.total_instances, metrics.running_instances), (3, 1));
    let depths = client.get_queue_depths().await.unwrap();
    assert_eq!((depths.worker_queue, depths.timer_queue), (0, 0));
    assert!(client.delete_instance("c", false).await.is_err());
    let filter = InstanceFilter {
        instance_ids: None,
        completed_before: None,
        limit: Some(10),
    };
    let deleted = client.delete_instance_bulk(filter).await.unwrap();
    assert_eq!(deleted.instances_deleted, 2);
    client.delete_instance("c", true).await.unwrap();
    let status = client.get_orchestration_status("c").await.unwrap();
    assert_eq!(status, OrchestrationStatus::NotFound);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eternal_loop_forgets_its_past_through_the_client_of_an_activity() {
    let activities = ActivityRegistry::builder()
        .register("Prune", |ctx: ActivityContext, _: String| async move {
            let options = PruneOptions {
                keep_last: Some(2),
                ..Default::default()
            };
            let pruned = ctx
                .get_client()
                .prune_executions(ctx.instance_id(), options)
                .await;
            let pruned = pruned.map_err(|error| error.to_string())?;
            Ok(pruned.executions_deleted.to_string())
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Eternal",
            |ctx: OrchestrationContext, round: String| async move {
                ctx.schedule_activity("Prune", "").await?;
                let round: u32 = round.parse().map_err(|_| "no number".to_owned())?;
                if round == 6 {
                    return Ok("enough".to_owned());
                }
                ctx.continue_as_new((round + 1).to_string()).await
            },
        )
        .build();
    let app = start(activities, orchestrations).await;
    assert_eq!(app.run("a", "Eternal", "0").await.unwrap(), "enough");
    assert_eq!(app.client.list_executions("a").await.unwrap(), [6, 7]);
    app.stop().await;
}
