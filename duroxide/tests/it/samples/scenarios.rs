//! Larger programs: a chat, conversations with a home, actors in chains.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
};

use super::{app, memory, run_on};
use crate::runtime::world::{World, completed, echo, eventually};

/// Questions come by a queue, answers are shown as the status, and each round has a history of its
/// own.
#[tokio::test(flavor = "multi_thread")]
async fn copilot_chat() {
    let activities = ActivityRegistry::builder()
        .register("think", |_: ActivityContext, question: String| async move {
            Ok(question.to_uppercase())
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register(
        "chat",
        |ctx: OrchestrationContext, said: String| async move {
            let question = ctx.dequeue_event("questions").await;
            if question == "bye" {
                return Ok(said);
            }
            let answer = ctx.schedule_activity("think", question).await?;
            ctx.set_custom_status(answer.as_str());
            ctx.continue_as_new(format!("{said} {answer}")).await
        },
    );
    let world = run_on(memory(), &app(activities, orchestrations)).await;
    let client = &world.client;
    client
        .start_orchestration("chat", "chat", "said:")
        .await
        .unwrap();
    let mut seen = 0;
    for (question, answer) in [("hello", "HELLO"), ("how are you", "HOW ARE YOU")] {
        client
            .enqueue_event("chat", "questions", question)
            .await
            .unwrap();
        let pause = Duration::from_millis(5);
        let patience = Duration::from_secs(30);
        let status = client
            .wait_for_status_change("chat", seen, pause, patience)
            .await
            .unwrap();
        assert_eq!(status.custom_status(), Some(answer));
        seen = status.custom_status_version();
    }
    client
        .enqueue_event("chat", "questions", "bye")
        .await
        .unwrap();
    assert_eq!(
        completed(world.end("chat").await),
        "said: HELLO HOW ARE YOU"
    );
    world.stop().await;
}

/// What a conversation left in the memory of a worker is there for its next step.
#[tokio::test(flavor = "multi_thread")]
async fn sessions() {
    let remembered: Arc<Mutex<BTreeMap<String, u32>>> = Arc::default();
    let memory_of_worker = Arc::clone(&remembered);
    let activities = ActivityRegistry::builder()
        .register("turn", move |ctx: ActivityContext, _| {
            let session = ctx.session_id().unwrap_or_default().to_owned();
            let mut all = memory_of_worker.lock().unwrap();
            let turns = all.entry(session).or_default();
            *turns += 1;
            let turns = turns.to_string();
            async move { Ok(turns) }
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder().register(
        "talk",
        |ctx: OrchestrationContext, who: String| async move {
            let mut last = String::new();
            for _ in 0..4 {
                last = ctx
                    .schedule_activity_on_session("turn", "", who.as_str())
                    .await?;
            }
            Ok(last)
        },
    );
    let options = RuntimeOptions {
        max_sessions_per_runtime: 2,
        session_idle_timeout: Duration::from_secs(60),
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &app(activities, orchestrations), options).await;
    for who in ["ann", "bob"] {
        world
            .client
            .start_orchestration(who, "talk", who)
            .await
            .unwrap();
    }
    for who in ["ann", "bob"] {
        assert_eq!(completed(world.end(who).await), "4");
    }
    world.stop().await;
}

/// An actor looks after something, round by round, until it is told that it is gone; whoever creates
/// many starts one for each, detached.
#[tokio::test(flavor = "multi_thread")]
async fn toygres_actors_in_chains() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "create",
            |ctx: OrchestrationContext, names: String| async move {
                for name in names.split(' ') {
                    ctx.schedule_activity("echo", format!("deploy {name}"))
                        .await?;
                    ctx.schedule_orchestration("actor", format!("actor-{name}"), "0");
                }
                Ok(names)
            },
        )
        .register(
            "actor",
            |ctx: OrchestrationContext, round: String| async move {
                let rounds: u32 = round.parse().unwrap_or_default();
                ctx.set_kv_value("rounds", rounds.to_string());
                ctx.schedule_activity("echo", "is it healthy?").await?;
                let gone = ctx.dequeue_event("gone");
                let pause = ctx.schedule_timer(Duration::from_millis(1));
                match duroxide::select2(gone, pause).await {
                    duroxide::Either2::First(why) => Ok(format!("{why} after {rounds}")),
                    duroxide::Either2::Second(()) => {
                        ctx.continue_as_new((rounds + 1).to_string()).await
                    }
                }
            },
        );
    let options = RuntimeOptions {
        keep_executions: Some(2),
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &app(echo(), orchestrations), options).await;
    world.output("all", "create", "a b c").await;
    let patience = Duration::from_secs(30);
    for name in ["a", "b", "c"] {
        let actor = format!("actor-{name}");
        world
            .client
            .wait_for_kv_value(&actor, "rounds", patience)
            .await
            .unwrap();
        let rounds = async || {
            let value = world.client.get_kv_value(&actor, "rounds").await.unwrap();
            value.unwrap_or_default().parse::<u32>().unwrap_or_default()
        };
        eventually(async || rounds().await >= 5).await;
        world
            .client
            .enqueue_event(actor.as_str(), "gone", "deleted")
            .await
            .unwrap();
        assert!(completed(world.end(&actor).await).starts_with("deleted after "));
        let kept = world.client.list_executions(&actor).await.unwrap();
        assert!(kept.len() <= 2, "{kept:?}");
    }
    world.stop().await;
}
