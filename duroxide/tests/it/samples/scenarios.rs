//! Larger programs: a chat, conversations with a home, actors in chains.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, Either2, EventKind, OrchestrationContext,
    OrchestrationRegistry, RuntimeOptions, select2,
};

use super::{Disk, app, memory, run_on};
use crate::runtime::world::{World, completed, echo, eventually, failed};

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
                match select2(gone, pause).await {
                    Either2::First(why) => Ok(format!("{why} after {rounds}")),
                    Either2::Second(()) => ctx.continue_as_new((rounds + 1).to_string()).await,
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

/// An instance is created step by step; what was made is taken back by a child that deletes when a
/// later step fails.
#[tokio::test(flavor = "multi_thread")]
async fn toygres_a_creation_that_fails_is_undone_by_a_child() {
    let done: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&done);
    let activities = ActivityRegistry::builder()
        .register("do", move |_: ActivityContext, what: String| {
            log.lock().unwrap().push(what.clone());
            async move {
                if what.starts_with("test bad") {
                    return Err(format!("{what}: no answer"));
                }
                Ok(what)
            }
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "create",
            |ctx: OrchestrationContext, name: String| async move {
                let steps = async {
                    for step in ["record", "deploy"] {
                        ctx.schedule_activity("do", format!("{step} {name}"))
                            .await?;
                    }
                    // It is asked until it is there.
                    for _ in 0..3 {
                        ctx.schedule_timer(Duration::from_millis(1)).await;
                        ctx.schedule_activity("do", format!("poll {name}")).await?;
                    }
                    ctx.schedule_activity("do", format!("test {name}")).await
                };
                match steps.await {
                    Ok(_) => {
                        ctx.schedule_orchestration("actor", format!("actor-{name}"), "");
                        Ok("created".to_owned())
                    }
                    Err(error) => {
                        let id = format!("delete-{name}");
                        let deleted = ctx.schedule_sub_orchestration_with_id("delete", id, name);
                        Err(format!("{error}; {}", deleted.await?))
                    }
                }
            },
        )
        .register(
            "delete",
            |ctx: OrchestrationContext, name: String| async move {
                for step in ["undeploy", "forget"] {
                    ctx.schedule_activity("do", format!("{step} {name}"))
                        .await?;
                }
                Ok("taken back".to_owned())
            },
        )
        .register("actor", |_: OrchestrationContext, _| async move {
            Ok(String::new())
        });
    let world = run_on(memory(), &app(activities, orchestrations)).await;
    assert_eq!(world.output("good", "create", "good").await, "created");
    assert_eq!(completed(world.end("actor-good").await), "");
    let details = failed(world.run("bad", "create", "bad").await);
    assert_eq!(details.to_string(), "test bad: no answer; taken back");
    let done = done.lock().unwrap().clone();
    let of_bad: Vec<_> = done.iter().filter(|what| what.ends_with(" bad")).collect();
    let wanted = [
        "record", "deploy", "poll", "poll", "poll", "test", "undeploy", "forget",
    ];
    assert_eq!(
        of_bad,
        wanted
            .map(|step| format!("{step} bad"))
            .iter()
            .collect::<Vec<_>>()
    );
    world.stop().await;
}

/// Many actors at once, each through many executions, and all of them get what they were told.
#[tokio::test(flavor = "multi_thread")]
async fn toygres_many_actors_under_stress() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "actor",
        |ctx: OrchestrationContext, sum: String| async move {
            let sum: u64 = sum.parse().map_err(|_| "no number")?;
            let checked = ctx.schedule_activity("echo", "is it healthy?");
            let told = ctx.dequeue_event("numbers").await;
            checked.await?;
            match told.parse::<u64>() {
                Ok(number) => ctx.continue_as_new((sum + number).to_string()).await,
                Err(_) => Ok(sum.to_string()),
            }
        },
    );
    let options = RuntimeOptions {
        keep_executions: Some(1),
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &app(echo(), orchestrations), options).await;
    let client = &world.client;
    let actors: Vec<_> = (0..20).map(|number| format!("actor-{number}")).collect();
    for actor in &actors {
        client
            .start_orchestration(actor, "actor", "0")
            .await
            .unwrap();
    }
    for number in 1..=20_u64 {
        for actor in &actors {
            let number = number.to_string();
            client
                .enqueue_event(actor, "numbers", number)
                .await
                .unwrap();
        }
    }
    for actor in &actors {
        client.enqueue_event(actor, "numbers", "end").await.unwrap();
        assert_eq!(completed(world.end(actor).await), "210");
        assert_eq!(client.list_executions(actor).await.unwrap(), [21]);
    }
    world.stop().await;
}

/// A chain of executions, each of which leaves a long timer that lost: none of them comes back, and
/// none stays in the queue.
#[tokio::test(flavor = "multi_thread")]
async fn toygres_timers_that_lost_never_come_back() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "actor",
        |ctx: OrchestrationContext, round: String| async move {
            let round: u32 = round.parse().unwrap_or_default();
            let told = ctx.dequeue_event("told");
            let check = ctx.schedule_timer(Duration::from_secs(30 * 60));
            match select2(told, check).await {
                Either2::First(told) if told == "deleted" => Ok(round.to_string()),
                Either2::First(_) => ctx.continue_as_new((round + 1).to_string()).await,
                Either2::Second(()) => Err("half an hour has passed".to_owned()),
            }
        },
    );
    let world = run_on(memory(), &app(echo(), orchestrations)).await;
    let client = &world.client;
    client.start_orchestration("a", "actor", "0").await.unwrap();
    for _ in 0..10 {
        client.enqueue_event("a", "told", "changed").await.unwrap();
    }
    eventually(async || client.list_executions("a").await.unwrap().len() == 11).await;
    world
        .client
        .enqueue_event("a", "told", "deleted")
        .await
        .unwrap();
    assert_eq!(completed(world.end("a").await), "10");
    let depths = client.get_queue_depths().await.unwrap();
    assert_eq!((depths.timer_queue, depths.orchestrator_queue), (0, 0));
    world.stop().await;
}

/// A timer that is due while nobody works fires when somebody does, once, and not early.
#[tokio::test(flavor = "multi_thread")]
async fn toygres_a_timer_survives_the_end_of_its_process() {
    let orchestrations = || {
        OrchestrationRegistry::builder().register(
            "actor",
            |ctx: OrchestrationContext, _| async move {
                let begun = ctx.now();
                ctx.schedule_timer(Duration::from_millis(200)).await;
                let slept = ctx.now().duration_since(begun).unwrap_or_default();
                ctx.schedule_activity("echo", "awake").await?;
                Ok((slept >= Duration::from_millis(200)).to_string())
            },
        )
    };
    let disk = Disk::new();
    let world = run_on(disk.open(), &app(echo(), orchestrations())).await;
    let client = &world.client;
    client.start_orchestration("a", "actor", "").await.unwrap();
    world.reach("a", 2).await;
    world.stop().await;
    let world = run_on(disk.open(), &app(echo(), orchestrations())).await;
    assert_eq!(completed(world.end("a").await), "true");
    let fired = world.history("a", 1).await.into_iter();
    let fired = fired.filter(|event| matches!(event.kind, EventKind::TimerFired { .. }));
    assert_eq!(fired.count(), 1);
    world.stop().await;
}
