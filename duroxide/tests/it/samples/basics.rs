//! One orchestration, a few activities: branches, errors, and a look from outside.

use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry,
    OrchestrationStatus,
};

use super::{app, memory, run_on};
use crate::runtime::world::{echo, eventually, failed};

#[tokio::test(flavor = "multi_thread")]
async fn basic_control_flow() {
    let activities = ActivityRegistry::builder()
        .register("Weigh", |_: ActivityContext, parcel: String| async move {
            Ok(if parcel.len() > 4 { "heavy" } else { "light" }.to_owned())
        })
        .register("ByTruck", |_: ActivityContext, parcel: String| async move {
            Ok(format!("{parcel} goes by truck"))
        })
        .register("ByBike", |_: ActivityContext, parcel: String| async move {
            Ok(format!("{parcel} goes by bike"))
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register(
        "Send",
        |ctx: OrchestrationContext, parcel: String| async move {
            match ctx
                .schedule_activity("Weigh", parcel.clone())
                .await?
                .as_str()
            {
                "heavy" => ctx.schedule_activity("ByTruck", parcel).await,
                _ => ctx.schedule_activity("ByBike", parcel).await,
            }
        },
    );
    let world = run_on(memory(), &app(activities, orchestrations)).await;
    assert_eq!(
        world.output("a", "Send", "piano").await,
        "piano goes by truck"
    );
    assert_eq!(world.output("b", "Send", "pen").await, "pen goes by bike");
    // The branch that was not taken left no trace.
    for id in ["a", "b"] {
        assert_eq!(world.history(id, 1).await.len(), 6);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_error_handling() {
    let activities = ActivityRegistry::builder()
        .register("Divide", |_: ActivityContext, by: String| async move {
            let by: u32 = by.parse().map_err(|_| format!("`{by}` is no number"))?;
            let result = 100_u32.checked_div(by);
            result.map_or_else(
                || Err("by zero".to_owned()),
                |result| Ok(result.to_string()),
            )
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Strict",
            |ctx: OrchestrationContext, by: String| async move {
                ctx.schedule_activity("Divide", by).await
            },
        )
        .register(
            "Lenient",
            |ctx: OrchestrationContext, by: String| async move {
                match ctx.schedule_activity("Divide", by).await {
                    Ok(result) => Ok(result),
                    Err(problem) => Ok(format!("no result: {problem}")),
                }
            },
        );
    let world = run_on(memory(), &app(activities, orchestrations)).await;
    assert_eq!(world.output("a", "Strict", "4").await, "25");
    let details = failed(world.run("b", "Strict", "0").await);
    assert_eq!(details.display_message(), "by zero");
    let details = failed(world.run("c", "Strict", "x").await);
    assert_eq!(details.display_message(), "`x` is no number");
    assert_eq!(
        world.output("d", "Lenient", "0").await,
        "no result: by zero"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_polling() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "Bake",
        |ctx: OrchestrationContext, what: String| async move {
            ctx.set_custom_status("in the oven");
            let smell = ctx.schedule_wait("ready").await;
            if smell == "burnt" {
                return Err(format!("{what} is burnt"));
            }
            ctx.reset_custom_status();
            Ok(what)
        },
    );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    for (id, smell) in [("bread", "good"), ("cake", "burnt")] {
        assert_eq!(world.status(id).await, OrchestrationStatus::NotFound);
        let client = &world.client;
        client.start_orchestration(id, "Bake", id).await.unwrap();
        // Asked again and again, it says that it runs, and from the first turn on what it does.
        eventually(async || {
            let status = world.status(id).await;
            assert!(
                matches!(status, OrchestrationStatus::Running { .. }),
                "{status:?}"
            );
            status.custom_status() == Some("in the oven")
        })
        .await;
        world.reach(id, 3).await;
        client.raise_event(id, "ready", smell).await.unwrap();
        eventually(async || world.status(id).await.is_terminal()).await;
    }
    let bread = world.status("bread").await;
    assert!(
        matches!(&bread, OrchestrationStatus::Completed { output, custom_status: None, .. } if output == "bread"),
        "{bread:?}"
    );
    let cake = world.status("cake").await;
    assert_eq!(cake.custom_status(), Some("in the oven"));
    assert_eq!(failed(cake).display_message(), "cake is burnt");
    world.stop().await;
}
