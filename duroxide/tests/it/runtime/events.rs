//! Events from outside, on every store, with live instances and without.

use std::time::Duration;

use duroxide::env::TokioEnv;
use duroxide::provider::model::ModelProvider;
use duroxide::storage::redb::RedbProvider;
use duroxide::{Client, ClientError, Either2, EventKind, ExternalEvent, select2};
use serde::{Deserialize, Serialize};

use super::world::{
    World, completed, everywhere, failed, live_on_and_off, program, shared, stores,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_races_with_a_timer() {
    let program = program(|ctx, input| async move {
        let delay = Duration::from_millis(input.parse().unwrap());
        let approved = ctx.schedule_wait("approved");
        Ok(match select2(approved, ctx.schedule_timer(delay)).await {
            Either2::First(by) => format!("approved by {by}"),
            Either2::Second(()) => "escalated".to_owned(),
        })
    });
    everywhere(program, async |world| {
        let client = &world.client;
        client
            .start_orchestration("a", "main", "600000")
            .await
            .unwrap();
        // A positional event is for whoever waits: so wait for the wait.
        world.reach("a", 3).await;
        client.raise_event("a", "approved", "ann").await.unwrap();
        assert_eq!(completed(world.end("a").await), "approved by ann");
        assert_eq!(world.output("b", "main", "20").await, "escalated");
        let cancelled = world.history("b", 1).await.into_iter().any(|event| {
            matches!(event.kind, EventKind::ExternalSubscribedCancelled { reason } if reason == "dropped_future")
        });
        assert!(cancelled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_before_the_first_turn_is_read_in_order() {
    let program = program(|ctx, input| async move {
        let mut read = Vec::new();
        for _ in 0..input.parse::<usize>().unwrap() {
            read.push(ctx.dequeue_event("q").await);
        }
        Ok(read.join(" "))
    });
    for options in live_on_and_off() {
        for store in stores() {
            // Nobody works yet.
            let client = Client::new(store.clone());
            client.start_orchestration("a", "main", "4").await.unwrap();
            for data in ["1", "2", "3"] {
                client.enqueue_event("a", "q", data).await.unwrap();
            }
            let world = World::start(store, &program, options.clone()).await;
            world.client.enqueue_event("a", "q", "4").await.unwrap();
            assert_eq!(completed(world.end("a").await), "1 2 3 4");
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_for_nobody_is_an_error_and_disturbs_nobody() {
    let program = program(|ctx, input| async move { ctx.schedule_activity("echo", input).await });
    everywhere(program, async |world| {
        let client = &world.client;
        for sent in [
            client.raise_event("ghost", "go", "").await,
            client.enqueue_event("ghost", "q", "").await,
        ] {
            assert!(
                matches!(&sent, Err(ClientError::InstanceNotFound { instance_id }) if instance_id == "ghost"),
                "{sent:?}"
            );
        }
        assert_eq!(world.output("fresh", "main", "x").await, "x");
        // Ended by now: taken, and of no effect.
        client.raise_event("fresh", "go", "").await.unwrap();
        client.enqueue_event("fresh", "q", "").await.unwrap();
        assert_eq!(world.output("other", "main", "y").await, "y");
        assert_eq!(world.history("fresh", 1).await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn bad_names_and_ids_are_refused_at_the_door() {
    let client = Client::new(shared(ModelProvider::new(std::sync::Arc::new(
        TokioEnv::new(),
    ))));
    for sent in [
        client.raise_event("a b", "go", "").await,
        client.raise_event("a", "", "").await,
        client.enqueue_event("a", "__q", "").await,
    ] {
        assert!(
            matches!(sent, Err(ClientError::InvalidInput { .. })),
            "{sent:?}"
        );
    }
}

#[derive(Debug, Serialize, Deserialize, ExternalEvent)]
#[event(name = "moved")]
struct Moved {
    to: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_events_are_read_in_order_and_errors_of_theirs_are_values() {
    let program = program(|ctx, _| async move {
        let (first, second) = (ctx.wait_for::<Moved>(), ctx.wait_for::<Moved>());
        let problem = String::from(second.await.unwrap_err());
        // One that lost a race has its event still.
        let raced = ctx.timeout(Duration::ZERO, ctx.wait_for::<Moved>()).await;
        let third = match raced {
            Ok(moved) => moved?,
            Err(_elapsed) => ctx.wait_for::<Moved>().await?,
        };
        Ok(format!("{} {} {problem}", first.await?.to, third.to))
    });
    everywhere(program, async |world| {
        let client = &world.client;
        client.start_orchestration("a", "main", "").await.unwrap();
        for data in [r#"{"to":1}"#, r#"{"to":"x"}"#, r#"{"to":3}"#] {
            client.enqueue_event("a", Moved::NAME, data).await.unwrap();
        }
        let output = completed(world.end("a").await);
        let expected = "1 3 the event `moved` cannot be read: cannot decode `it::runtime::events::Moved` at `to`:";
        assert!(output.starts_with(expected), "{output}");
    })
    .await;
}

/// Sums up what a queue has, then hands what is left to the next execution.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_is_drained_and_carried_over_without_loss() {
    let program = program(|ctx, input| async move {
        // `<left> <sum>`: the first execution waits until all is there, and reads nothing of it.
        let (left, mut sum) = input.split_once(' ').map_or((0, 0), |(left, sum)| {
            (left.parse::<u64>().unwrap(), sum.parse::<u64>().unwrap())
        });
        if ctx.execution_id() == 1 {
            ctx.dequeue_event("all").await;
            return ctx.continue_as_new(input).await;
        }
        let most = 7_000;
        for _ in 0..left.min(most) {
            sum += ctx.dequeue_event("q").await.parse::<u64>().unwrap();
        }
        match left.saturating_sub(most) {
            0 => Ok(sum.to_string()),
            left => ctx.continue_as_new(format!("{left} {sum}")).await,
        }
    });
    everywhere(program, async |world| {
        // The model checks all of its content after every step.
        let is_model = world.store.describe().starts_with("model");
        for count in [99_u64, 100, if is_model { 500 } else { 10_000 }] {
            let id = format!("a{count}");
            world
                .client
                .start_orchestration(&id, "main", format!("{count} 0"))
                .await
                .unwrap();
            for batch in (0..count).collect::<Vec<_>>().chunks(500) {
                let sends = batch
                    .iter()
                    .map(|number| world.client.enqueue_event(&id, "q", number.to_string()));
                for sent in futures::future::join_all(sends).await {
                    sent.unwrap();
                }
            }
            world.client.enqueue_event(&id, "all", "").await.unwrap();
            let sum = completed(world.end(&id).await);
            assert_eq!(sum, (count * (count - 1) / 2).to_string());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_outlive_the_runtime_that_consumed_them() {
    let program = program(|ctx, _| async move {
        ctx.schedule_wait("go").await;
        Ok(format!(
            "{} {}",
            ctx.dequeue_event("q").await,
            ctx.dequeue_event("q").await
        ))
    });
    for options in live_on_and_off() {
        for store in stores() {
            let world = World::start(store, &program, options.clone()).await;
            world
                .client
                .start_orchestration("a", "main", "")
                .await
                .unwrap();
            world.client.enqueue_event("a", "q", "1").await.unwrap();
            world.reach("a", 3).await;
            let world = world.redeploy(&program).await;
            world.client.enqueue_event("a", "q", "2").await.unwrap();
            world.client.raise_event("a", "go", "").await.unwrap();
            assert_eq!(completed(world.end("a").await), "1 2");
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_inbox_is_worked_off_in_many_turns_and_is_no_poison() {
    let program = program(|ctx, input| async move {
        let mut sum = 0_u64;
        for _ in 0..input.parse::<u64>().unwrap() {
            sum += ctx.dequeue_event("q").await.parse::<u64>().unwrap();
        }
        Ok(sum.to_string())
    });
    let store = RedbProvider::options().max_inbox(20_000).in_memory();
    let store = shared(store.unwrap());
    // Nobody works until all is there: that is more than one turn takes.
    let client = Client::new(store.clone());
    let count = 12_000_u64;
    client
        .start_orchestration("a", "main", count.to_string())
        .await
        .unwrap();
    let sends = (0..count).map(|number| client.enqueue_event("a", "q", number.to_string()));
    for sent in futures::future::join_all(sends).await {
        sent.unwrap();
    }
    let options = duroxide::RuntimeOptions {
        max_attempts: 1,
        ..Default::default()
    };
    let world = World::start(store, &program, options).await;
    let sum = completed(world.end("a").await);
    assert_eq!(sum, (count * (count - 1) / 2).to_string());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_store_carries_over_ends_the_instance_and_says_why() {
    let program = program(|ctx, input| async move {
        ctx.dequeue_event("all").await;
        ctx.continue_as_new(input).await
    });
    let store = shared(RedbProvider::in_memory().unwrap());
    let world = World::start(store, &program, duroxide::RuntimeOptions::default()).await;
    let client = &world.client;
    client.start_orchestration("a", "main", "").await.unwrap();
    for _ in 0..5 {
        let data = "x".repeat(1 << 20);
        client.enqueue_event("a", "q", data).await.unwrap();
    }
    client.enqueue_event("a", "all", "").await.unwrap();
    let problem = failed(world.end("a").await).to_string();
    let expected = "5 unread queue messages of 5242885 bytes go with the next execution";
    assert!(problem.contains(expected), "{problem}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_what_nobody_can_raise_fails_with_the_words_of_the_sender() {
    let program = program(|ctx, input| async move {
        Ok(match input.as_str() {
            "event" => ctx.schedule_wait("never mind").await,
            _ => ctx.dequeue_event("never mind").await,
        })
    });
    everywhere(program, async |world| {
        let client = &world.client;
        let raised = client.raise_event("event", "never mind", "").await;
        let sent = client.enqueue_event("queue", "never mind", "").await;
        for (id, refused) in [("event", raised), ("queue", sent)] {
            let Err(ClientError::InvalidInput { message }) = refused else {
                panic!("{refused:?}");
            };
            let status = world.run(id, "main", id).await;
            assert_eq!(failed(status).display_message(), message);
        }
    })
    .await;
}
