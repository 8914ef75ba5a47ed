//! Values of the user's own types beside plain text.

use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};
use serde::{Deserialize, Serialize};

use super::{app, memory, run_on};
use crate::runtime::world::PATIENCE;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Trip {
    from: String,
    to: String,
    km: u32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Fare {
    cents: u32,
    shown: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_string_and_typed_typed_orch() {
    let activities = ActivityRegistry::builder()
        .register_typed("Price", |_: ActivityContext, trip: Trip| async move {
            let cents = trip.km.checked_mul(25);
            cents.ok_or_else(|| "too far".to_owned())
        })
        .register("Show", |_: ActivityContext, cents: String| async move {
            Ok(format!("{cents} cents"))
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register_typed(
        "Book",
        |ctx: OrchestrationContext, trip: Trip| async move {
            let cents = ctx
                .schedule_activity_typed::<Trip, u32>("Price", &trip)
                .await?;
            // Text goes in and comes out as it is.
            let shown = ctx.schedule_activity("Show", cents.to_string()).await?;
            Ok(Fare { cents, shown })
        },
    );
    let world = run_on(memory(), &app(activities, orchestrations)).await;
    let trip = |km| Trip {
        from: "here".to_owned(),
        to: "there".to_owned(),
        km,
    };
    let book = async |id: &str, trip: Trip| {
        let client = &world.client;
        client
            .start_orchestration_typed(id, "Book", trip)
            .await
            .unwrap();
        let end = client
            .wait_for_orchestration_typed::<Fare>(id, PATIENCE)
            .await;
        end.unwrap()
    };
    let shown = "300 cents".to_owned();
    assert_eq!(book("a", trip(12)).await, Ok(Fare { cents: 300, shown }));
    assert_eq!(book("b", trip(u32::MAX)).await, Err("too far".to_owned()));
    // The same orchestration takes its input as text, too.
    let json = r#"{"from":"a","to":"b","km":1}"#;
    let output = world.output("c", "Book", json).await;
    assert_eq!(output, r#"{"cents":25,"shown":"25 cents"}"#);
    world.stop().await;
}
