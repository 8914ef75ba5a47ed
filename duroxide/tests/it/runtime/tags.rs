//! Tags: which worker takes which activities.

use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, RuntimeOptions, TagFilter, join_all,
};

use super::world::{Program, World, completed, program, stores};

/// An activity that says which worker ran it, under which tag.
fn who() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("who", |ctx: ActivityContext, _| async move {
            Ok(format!(
                "{}:{}",
                ctx.worker_id(),
                ctx.tag().unwrap_or("none")
            ))
        })
        .build()
}

fn worker(name: &str, tags: TagFilter) -> RuntimeOptions {
    RuntimeOptions {
        worker_node_id: Some(name.to_owned()),
        worker_tag_filter: tags,
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_runs_where_its_tag_is_taken_and_nowhere_else() {
    let program = Program {
        activities: who(),
        ..program(|ctx: OrchestrationContext, _| async move {
            let tags = ["gpu", "", "gpu", "tape", ""];
            let calls = tags.map(|tag| {
                let call = ctx.schedule_activity("who", "");
                if tag.is_empty() {
                    call
                } else {
                    call.with_tag(tag)
                }
            });
            let ran: Result<Vec<_>, _> = join_all(calls).await.into_iter().collect();
            Ok(ran?.join(" "))
        })
    };
    for store in stores() {
        let start = async |name: &str, tags| {
            World::start(store.clone(), &program, worker(name, tags)).await
        };
        let plain = start("plain", TagFilter::default_only()).await;
        let nothing = start("nothing", TagFilter::none()).await;
        plain
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        // What has no worker waits, and holds nobody up: events of both untagged activities are
        // there before there is anybody for the others.
        plain.reach("a", 8).await;
        let gpu = start("gpu", TagFilter::tags(["gpu"])).await;
        let tape = start("tape", TagFilter::tags(["tape", "disk"])).await;
        let output = completed(plain.end("a").await);
        assert_eq!(output, "gpu:gpu plain:none gpu:gpu tape:tape plain:none");
        for world in [plain, nothing, gpu, tape] {
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_can_take_untagged_and_tagged_work() {
    let program = Program {
        activities: who(),
        ..program(|ctx: OrchestrationContext, _| async move {
            let plain = ctx.schedule_activity("who", "").await?;
            let tagged = ctx.schedule_activity("who", "").with_tag("gpu").await?;
            Ok(format!("{plain} {tagged}"))
        })
    };
    for filter in [TagFilter::any(), TagFilter::default_and(["gpu"])] {
        for store in stores() {
            let world = World::start(store, &program, worker("one", filter.clone())).await;
            assert_eq!(world.output("a", "main", "").await, "one:none one:gpu");
            world.stop().await;
        }
    }
}
