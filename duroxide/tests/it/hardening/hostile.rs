//! Texts that mean something to somebody: they go through every field as they are, and mean nothing.

use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
};
use serde_json::Value;

use crate::runtime::world::{Program, World, failed, stores};

const TEXTS: [&str; 14] = [
    "'; DROP TABLE history; --",
    "\" OR \"1\"=\"1",
    "%_\\",
    "$1; SELECT pg_sleep(9)",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "{} {0} {{}} %s %n $(reboot) `id`",
    "\u{0}\u{1}\u{7f}",
    "\r\nSet-Cookie: a=b",
    "\u{202e}\u{feff}\u{200b}",
    "\u{1F980}\u{10FFFF}\u{D7FF}",
    "::sub::__sub::",
    "{\"a\":[null,1e999,\"\\u0000\"]}",
    " ",
];

async fn everything(ctx: OrchestrationContext, text: String) -> Result<String, String> {
    ctx.set_custom_status(text.as_str());
    ctx.set_kv_value(text.as_str(), text.as_str());
    let on_session = ctx.schedule_activity_on_session("echo", text.as_str(), text.as_str());
    let echoed = on_session.await?;
    let told = ctx.schedule_wait("told").await;
    let queued = ctx.dequeue_event("queue").await;
    let refused = ctx.schedule_activity("refuse", text.as_str()).await;
    let child = ctx
        .schedule_sub_orchestration("tells", text.as_str())
        .await?;
    let all = [echoed, told, queued, refused.unwrap_err(), child];
    if all.iter().all(|other| *other == text) {
        return Err(text);
    }
    Ok(format!("{text:?} became {all:?}"))
}

fn program() -> Program {
    let echo = |_: ActivityContext, text: String| async move { Ok(text) };
    let refuse = |_: ActivityContext, text: String| async move { Err(text) };
    let activities = ActivityRegistry::builder()
        .register("echo", echo)
        .register("refuse", refuse);
    let tells = |_: OrchestrationContext, text: String| async move { Ok(text) };
    let orchestrations = OrchestrationRegistry::builder()
        .register("everything", everything)
        .register("tells", tells)
        .register_typed(
            "typed",
            |_: OrchestrationContext, value: Value| async move { Ok(value.is_null()) },
        );
    Program {
        activities: activities.build(),
        orchestrations: orchestrations.build(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_keeps_every_text() {
    for store in stores() {
        let options = RuntimeOptions {
            max_sessions_per_runtime: TEXTS.len(),
            ..RuntimeOptions::default()
        };
        let world = World::start(store, &program(), options).await;
        for (number, text) in TEXTS.iter().enumerate() {
            let id = format!("i-{number}");
            let client = &world.client;
            let started = client.start_orchestration(id.as_str(), "everything", *text);
            started.await.unwrap();
            world.reach(&id, 5).await;
            client
                .raise_event(id.as_str(), "told", *text)
                .await
                .unwrap();
            let queued = client.enqueue_event(id.as_str(), "queue", *text);
            queued.await.unwrap();
            // It fails with the text if all was well.
            let details = failed(world.end(&id).await);
            assert_eq!(details.display_message(), *text);
            let kept = client.get_kv_value(&id, text).await.unwrap();
            assert_eq!(kept.as_deref(), Some(*text));
            let all = client.get_kv_all_values(&id).await.unwrap();
            assert_eq!(all.len(), 1, "{all:?}");
        }
        world.stop().await;
    }
}

/// To read it would overflow a stack, which no guard catches.
#[tokio::test(flavor = "multi_thread")]
async fn input_that_nests_too_deeply_is_no_value_and_harms_nobody() {
    for store in stores() {
        let world = World::start(store, &program(), RuntimeOptions::default()).await;
        for (id, part) in [("lists", "["), ("objects", "{\"a\":")] {
            let deep = part.repeat(100_000);
            // A text that is no JSON is a string to the dynamic layer, so that is what arrives.
            let told = world.output(id, "typed", &deep).await;
            assert_eq!(told, "false");
            let value: Result<Value, _> = duroxide::codec::decode(&deep);
            assert!(value.is_err());
        }
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        let value: Result<Value, _> = duroxide::codec::decode(&deep);
        assert!(value.unwrap_err().to_string().contains("recursion limit"));
        assert_eq!(world.output("fine", "typed", "null").await, "true");
        world.stop().await;
    }
}
