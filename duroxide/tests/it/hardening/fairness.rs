//! An instance that is busy all the time, and a thousand that want something once: how much of the
//! busy one fits in before the last of them had its turn. Counted, so that no clock decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duroxide::history::{InstanceId, Message};
use duroxide::provider::conformance::{Turn, first_start};
use duroxide::provider::{Provider, TurnFetch, TurnItem};
use duroxide::storage::redb::RedbProvider;
use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
};

use crate::runtime::world::{PATIENCE, Program, World, shared, stores};

const COLD: usize = 1_000;

fn id(text: &str) -> InstanceId {
    InstanceId::new(text).unwrap()
}

fn poke() -> Message {
    Message::ExternalEvent {
        name: "more".to_owned(),
        data: String::new(),
    }
}

async fn one_turn(store: &dyn Provider) -> TurnItem {
    let fetched = store.fetch_turns(TurnFetch::new(1, PATIENCE)).await;
    fetched.unwrap().remove(0)
}

/// One worker; the busy instance has a new message before each of its turns is committed.
async fn turns_until_all_had_theirs(store: &dyn Provider, cold: usize) -> usize {
    let hot = id("hot");
    store.start(&hot, first_start("orders", "")).await.unwrap();
    let first = one_turn(store).await;
    store.enqueue(&hot, 0, poke()).await.unwrap();
    store
        .commit_turn(&first.lock, Turn::of(&first).commit)
        .await
        .unwrap();
    for number in 0..cold {
        let id = id(&format!("cold-{number}"));
        store.start(&id, first_start("orders", "")).await.unwrap();
    }
    let (mut turns, mut served) = (0, 0);
    while served < cold {
        let item = one_turn(store).await;
        turns += 1;
        let commit = if item.lock.instance == hot {
            store.enqueue(&hot, turns as u128, poke()).await.unwrap();
            Turn::of(&item)
        } else {
            served += 1;
            Turn::of(&item).complete("")
        };
        store.commit_turn(&item.lock, commit.commit).await.unwrap();
    }
    turns
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_instance_has_at_most_every_other_turn() {
    let embedded = RedbProvider::in_memory().unwrap();
    let turns = turns_until_all_had_theirs(&embedded, COLD).await;
    assert!(turns <= 2 * COLD + 1, "{turns}");
    // The model looks at all of its invariants behind each change.
    let model = stores().remove(0);
    let turns = turns_until_all_had_theirs(&*model, 100).await;
    assert!(turns <= 2 * 100 + 1, "{turns}");
}

/// The whole runtime, one slot for each kind of work.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_instances_are_not_held_up_by_one_that_never_rests() {
    let rounds = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&rounds);
    let activities = ActivityRegistry::builder()
        .register("tick", move |_: ActivityContext, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok(String::new()) }
        })
        .register("once", |_: ActivityContext, _| async { Ok(String::new()) });
    let orchestrations = OrchestrationRegistry::builder()
        .register("hot", |ctx: OrchestrationContext, _| async move {
            for _ in 0..1_000 {
                ctx.schedule_activity("tick", "").await?;
            }
            ctx.continue_as_new("").await
        })
        .register("cold", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_activity("once", "").await
        });
    let program = Program {
        activities: activities.build(),
        orchestrations: orchestrations.build(),
    };
    let options = RuntimeOptions {
        orchestration_concurrency: 1,
        worker_concurrency: 1,
        ..RuntimeOptions::default()
    };
    let store = shared(RedbProvider::in_memory().unwrap());
    let world = World::start(store, &program, options).await;
    let client = &world.client;
    client.start_orchestration("hot", "hot", "").await.unwrap();
    crate::runtime::world::until(|| rounds.load(Ordering::SeqCst) > 0).await;
    for number in 0..COLD {
        let id = format!("cold-{number}");
        client.start_orchestration(id, "cold", "").await.unwrap();
    }
    let before = rounds.load(Ordering::SeqCst);
    for number in 0..COLD {
        world.end(&format!("cold-{number}")).await;
    }
    let meanwhile = rounds.load(Ordering::SeqCst) - before;
    // Two turns and an activity each; between two of them the busy one has one of its own at most.
    assert!(meanwhile <= 3 * COLD as u64, "{meanwhile} rounds");
    client.terminate_instance("hot", "enough").await.unwrap();
    world.end("hot").await;
    world.stop().await;
}
