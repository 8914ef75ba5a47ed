//! First programs: sequences, branches, loops, values of the user's own types.

use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, EventKind, OrchestrationContext, OrchestrationRegistry,
};
use serde::{Deserialize, Serialize};

use super::{PATIENCE, start};

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Order {
    id: u64,
    items: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Invoice {
    total: u64,
}

fn shop() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("Greet", |_ctx: ActivityContext, name: String| async move {
            Ok(format!("Hello, {name}!"))
        })
        .register_typed("Price", |_ctx: ActivityContext, order: Order| async move {
            if order.items.is_empty() {
                return Err("an order has items".to_owned());
            }
            Ok(Invoice {
                total: order.items.len() as u64 * 100,
            })
        })
        .register(
            "Double",
            |ctx: ActivityContext, number: String| async move {
                ctx.trace_info(format!("doubling {number}"));
                let number: u64 = number.parse().map_err(|_| "no number".to_string())?;
                Ok((number * 2).to_string())
            },
        )
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_activity_and_its_history() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Hello",
            |ctx: OrchestrationContext, name: String| async move {
                ctx.trace_info("greeting");
                ctx.trace("info", "the same by its level");
                let greeting = ctx.schedule_activity("Greet", name).await?;
                Ok(greeting)
            },
        )
        .build();
    let app = start(shop(), orchestrations).await;
    assert_eq!(app.run("a", "Hello", "Rust").await.unwrap(), "Hello, Rust!");
    let history = app.history("a").await;
    let kinds: Vec<&EventKind> = history.iter().map(|event| &event.kind).collect();
    assert!(
        matches!(kinds[0], EventKind::OrchestrationStarted { name, version, input, .. }
        if name == "Hello" && version == "1.0.0" && input == "Rust")
    );
    assert!(
        matches!(kinds[1], EventKind::ActivityScheduled { name, input, session_id: None, tag: None, .. }
        if name == "Greet" && input == "Rust")
    );
    assert!(
        matches!(kinds[2], EventKind::ActivityCompleted { result } if result == "Hello, Rust!")
    );
    assert!(
        matches!(kinds[3], EventKind::OrchestrationCompleted { output } if output == "Hello, Rust!")
    );
    assert_eq!(history[2].source_event_id(), Some(history[1].event_id()));
    assert!(history[3].is_terminal() && history[3].event_id == 4);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_and_loops() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Grow",
            |ctx: OrchestrationContext, input: String| async move {
                let mut number = input;
                for _ in 0..5 {
                    number = ctx.schedule_activity("Double", number).await?;
                }
                if number.len() > 2 {
                    ctx.schedule_timer(Duration::from_millis(5)).await;
                    Ok(format!("large: {number}"))
                } else {
                    Ok(format!("small: {number}"))
                }
            },
        )
        .build();
    let app = start(shop(), orchestrations).await;
    assert_eq!(app.run("a", "Grow", "1").await.unwrap(), "small: 32");
    assert_eq!(app.run("b", "Grow", "10").await.unwrap(), "large: 320");
    assert_eq!(app.run("c", "Grow", "ten").await.unwrap_err(), "no number");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_activities_and_a_typed_orchestration() {
    let orchestrations = OrchestrationRegistry::builder()
        .register_typed(
            "Invoice",
            |ctx: OrchestrationContext, order: Order| async move {
                let invoice = ctx
                    .schedule_activity_typed::<Order, Invoice>("Price", &order)
                    .await?;
                Ok(invoice)
            },
        )
        .build();
    let app = start(shop(), orchestrations).await;
    let order = |items: &[&str]| Order {
        id: 7,
        items: items.iter().map(|item| (*item).to_owned()).collect(),
    };
    let client = &app.client;
    client
        .start_orchestration_typed("a", "Invoice", order(&["pen", "ink"]))
        .await
        .unwrap();
    let invoice = client
        .wait_for_orchestration_typed::<Invoice>("a", PATIENCE)
        .await
        .unwrap();
    assert_eq!(invoice, Ok(Invoice { total: 200 }));
    client
        .start_orchestration_typed("b", "Invoice", order(&[]))
        .await
        .unwrap();
    let refused = client
        .wait_for_orchestration_typed::<Invoice>("b", PATIENCE)
        .await
        .unwrap();
    assert_eq!(refused, Err("an order has items".to_owned()));
    // An input of another type is an error of that instance.
    let error = app.run("c", "Invoice", "[]").await.unwrap_err();
    assert!(error.contains("Order"), "{error}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_types_mix() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "ByText",
            |ctx: OrchestrationContext, _input: String| async move {
                let json = ctx
                    .schedule_activity("Price", r#"{"id":1,"items":["pen"]}"#)
                    .await?;
                let greeting = ctx
                    .schedule_activity_typed::<String, String>("Greet", &"you".to_string())
                    .await?;
                Ok(format!("{json} {greeting}"))
            },
        )
        .build();
    let app = start(shop(), orchestrations).await;
    let output = app.run("a", "ByText", "").await.unwrap();
    assert_eq!(output, r#"{"total":100} Hello, you!"#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_ids_are_awaited() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Now",
            |ctx: OrchestrationContext, _input: String| async move {
                let before = ctx.utc_now().await?;
                let id = ctx.new_guid().await?;
                ctx.schedule_timer(Duration::from_millis(20)).await;
                let after = ctx.utc_now().await?;
                let waited = after.duration_since(before).map_err(|e| e.to_string())?;
                Ok(format!(
                    "{} {}",
                    id.len(),
                    waited >= Duration::from_millis(20)
                ))
            },
        )
        .build();
    let app = start(shop(), orchestrations).await;
    assert_eq!(app.run("a", "Now", "").await.unwrap(), "36 true");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_about_the_run() {
    let activities = ActivityRegistry::builder()
        .register("Who", |ctx: ActivityContext, _input: String| async move {
            Ok(format!(
                "{} {} {} {} {}",
                ctx.instance_id(),
                ctx.execution_id(),
                ctx.orchestration_name(),
                ctx.orchestration_version(),
                ctx.activity_name()
            ))
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register_versioned(
            "Facts",
            "1.2.0",
            |ctx: OrchestrationContext, _: String| async move {
                let mine = format!(
                    "{} {} {} {}",
                    ctx.instance_id(),
                    ctx.execution_id(),
                    ctx.orchestration_name(),
                    ctx.orchestration_version()
                );
                let its = ctx.schedule_activity("Who", "").await?;
                Ok(format!("{mine}, {its}"))
            },
        )
        .build();
    let app = start(activities, orchestrations).await;
    let output = app.run("a", "Facts", "").await.unwrap();
    assert_eq!(output, "a 1 Facts 1.2.0, a 1 Facts 1.2.0 Who");
    let descriptor = app.runtime.get_orchestration_descriptor("a").await.unwrap();
    assert_eq!(
        (descriptor.name.as_str(), descriptor.version.as_str()),
        ("Facts", "1.2.0")
    );
    assert_eq!(descriptor.parent_instance, None);
    assert!(
        app.runtime
            .get_orchestration_descriptor("ghost")
            .await
            .is_none()
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_on_a_store_in_memory() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Hello",
            |ctx: OrchestrationContext, name: String| async move {
                ctx.schedule_activity("Greet", name).await
            },
        )
        .build();
    let rt = duroxide::runtime::Runtime::start(shop(), orchestrations).await;
    let client = rt.client();
    client
        .start_orchestration("a", "Hello", "you")
        .await
        .unwrap();
    let output = client
        .wait_for_orchestration_typed::<String>("a", PATIENCE)
        .await
        .unwrap();
    assert_eq!(output.unwrap(), "Hello, you!");
    let kept = rt.clone();
    rt.shutdown(Some(Duration::from_millis(500))).await;
    let metrics = kept.metrics_snapshot().unwrap();
    assert_eq!((metrics.orch_starts, metrics.activity_success), (1, 1));
}
