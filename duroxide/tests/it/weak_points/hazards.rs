//! What could go wrong in the runtime and the registries: rows 22 to 31, 33 to 37, 42, 43, 45, 47, 48.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use duroxide::env::{Env as _, TokioEnv};
use duroxide::history::{EventId, ExecutionId, InstanceId};
use duroxide::provider::ProviderRef;
use duroxide::provider::model::ModelProvider;
use duroxide::runtime::UnregisteredBackoffConfig;
use duroxide::{
    ActivityContext, ActivityRegistry, BackoffStrategy, Client, ClientError, ErrorDetails,
    OrchestrationContext, OrchestrationRegistry, RetryPolicy, RuntimeOptions,
};

use super::{memory, renewing, with_others, world};
use crate::runtime::faults::Faulty;
use crate::runtime::world::{Program, World, completed, echo, failed, program, until};

fn echoing() -> Program {
    program(
        |ctx: OrchestrationContext, text| async move { ctx.schedule_activity("echo", text).await },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn w22_a_store_that_is_away_fails_no_instance() {
    let faulty = Arc::new(Faulty::new(memory(), u64::MAX / 4));
    let store: ProviderRef = Arc::clone(&faulty) as ProviderRef;
    // With such leases, what a failed commit kept locked would stay locked for the whole test (row 23).
    let options = RuntimeOptions {
        orchestrator_lock_timeout: Duration::from_secs(600),
        worker_lock_timeout: Duration::from_secs(600),
        ..RuntimeOptions::default()
    };
    let world = World::start(store, &echoing(), options).await;
    faulty.away.store(true, Ordering::SeqCst);
    world
        .client
        .start_orchestration("a", "main", "x")
        .await
        .unwrap();
    let seen = faulty.calls.load(Ordering::SeqCst);
    until(|| faulty.calls.load(Ordering::SeqCst) > seen + 6).await;
    faulty.away.store(false, Ordering::SeqCst);
    assert_eq!(completed(world.end("a").await), "x");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w23_a_commit_that_fails_frees_its_lock() {
    let store: ProviderRef = Arc::new(Faulty::new(memory(), 3));
    let options = RuntimeOptions {
        orchestrator_lock_timeout: Duration::from_secs(600),
        worker_lock_timeout: Duration::from_secs(600),
        ..RuntimeOptions::default()
    };
    let world = World::start(store, &echoing(), options).await;
    for number in 0..10 {
        let id = format!("i-{number}");
        assert_eq!(world.output(&id, "main", "x").await, "x");
    }
    world.stop().await;
}

#[test]
fn w24_pauses_stop_growing_and_never_overflow() {
    let unregistered = UnregisteredBackoffConfig::default();
    let exponential = RetryPolicy::new(1_000).with_backoff(BackoffStrategy::Exponential {
        base: Duration::from_millis(100),
        multiplier: 2.0,
        max: Duration::from_secs(30),
    });
    for attempt in [58, 64, 100, 1_000, u32::MAX] {
        assert_eq!(unregistered.delay(attempt), Duration::from_secs(60));
        assert_eq!(
            exponential.delay_for_attempt(attempt),
            Duration::from_secs(30)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w25_a_dispatcher_that_panics_is_started_again() {
    let faulty = Faulty::new(memory(), u64::MAX / 4);
    faulty.panics.store(4, Ordering::SeqCst);
    let world = World::start(Arc::new(faulty), &echoing(), RuntimeOptions::default()).await;
    assert_eq!(world.output("a", "main", "x").await, "x");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w26_a_child_whose_history_cannot_be_read_tells_its_parent() {
    let model = ModelProvider::new(Arc::new(TokioEnv::new()));
    let program = with_others(|ctx, _| async move {
        let ended = ctx.schedule_sub_orchestration_with_id("waits", "child", "");
        Ok(ended.await.unwrap_err())
    });
    let options = RuntimeOptions {
        live_instances: 0,
        ..RuntimeOptions::default()
    };
    let world = World::start(Arc::new(model.clone()), &program, options).await;
    world
        .client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    world.exists("child").await;
    world.reach("child", 2).await;
    let child = InstanceId::new("child").unwrap();
    assert!(model.corrupt_history(&child, ExecutionId::FIRST, EventId(2)));
    world
        .client
        .raise_event("child", "never", "")
        .await
        .unwrap();
    let told = completed(world.end("a").await);
    assert!(told.starts_with("poison: "), "{told}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w27_a_message_that_cannot_be_read_ends_its_instance_and_no_other() {
    let model = ModelProvider::new(Arc::new(TokioEnv::new()));
    let client = Client::new(Arc::new(model.clone()));
    for id in ["bad", "good"] {
        client.start_orchestration(id, "main", "x").await.unwrap();
    }
    assert!(model.corrupt_message(&InstanceId::new("bad").unwrap()));
    let world = World::start(Arc::new(model), &echoing(), RuntimeOptions::default()).await;
    assert_eq!(completed(world.end("good").await), "x");
    let details = failed(world.end("bad").await);
    assert!(matches!(details, ErrorDetails::Poison { .. }), "{details}");
    world.stop().await;
}

#[test]
fn w29_ids_have_128_random_bits() {
    let env = TokioEnv::new();
    let ids: BTreeSet<u128> = (0..10_000).map(|_| env.unique_id()).collect();
    assert_eq!(ids.len(), 10_000);
    let halves = |shift: u32| -> BTreeSet<u64> {
        let half = |id: &u128| u64::try_from((id >> shift) & u128::from(u64::MAX)).unwrap();
        ids.iter().map(half).collect()
    };
    assert_eq!((halves(0).len(), halves(64).len()), (10_000, 10_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn w30_an_instance_in_memory_reads_no_history() {
    let faulty = Arc::new(Faulty::new(memory(), u64::MAX / 4));
    let store: ProviderRef = Arc::clone(&faulty) as ProviderRef;
    let program = program(|ctx: OrchestrationContext, text| async move {
        for _ in 0..50 {
            ctx.schedule_activity("echo", text.as_str()).await?;
        }
        Ok(text)
    });
    let world = World::start(store, &program, RuntimeOptions::default()).await;
    assert_eq!(world.output("a", "main", "x").await, "x");
    // A message for what has ended needs no history either.
    world.client.raise_event("a", "late", "").await.unwrap();
    assert_eq!(world.output("b", "main", "x").await, "x");
    assert_eq!(faulty.reads.load(Ordering::SeqCst), 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w31_what_does_not_decode_or_encode_is_an_error_and_no_panic() {
    let program = with_others(|ctx, input| async move {
        let wrong = ctx.schedule_activity_typed::<_, u64>("echo", &"no number");
        let error = wrong.await.unwrap_err();
        assert!(error.contains("u64"), "{error}");
        if input == "unencodable" {
            ctx.set_kv_value_typed("key", &BTreeMap::from([((1, 2), 3)]));
        }
        if input == "event" {
            return Ok(ctx.dequeue_event_typed::<u64>("q").await.to_string());
        }
        Ok(error)
    });
    let world = world(&program).await;
    assert!(world.output("a", "main", "").await.contains("u64"));
    let details = failed(world.run("b", "main", "unencodable").await);
    let rejected = duroxide::AppErrorKind::Rejected;
    let is_rejected = |it: &ErrorDetails| matches!(it, ErrorDetails::Application { kind, .. } if *kind == rejected);
    assert!(is_rejected(&details), "{details}");
    world
        .client
        .start_orchestration("c", "main", "event")
        .await
        .unwrap();
    world
        .client
        .enqueue_event("c", "q", "no number")
        .await
        .unwrap();
    let details = failed(world.end("c").await);
    assert!(is_rejected(&details), "{details}");
    world.stop().await;
}

#[test]
fn w33_no_crate_of_ours_has_unsafe_code() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    assert!(read("Cargo.toml").contains("unsafe_code = \"forbid\""));
    for member in [
        "duroxide",
        "duroxide/mutants",
        "duroxide-macros",
        "ui-tests",
        "examples",
    ] {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w34_a_poisoned_child_can_be_caught() {
    let program = with_others(|ctx, _| async move {
        let nobody = ctx.schedule_sub_orchestration("nobody-has-it", "");
        Ok(format!("caught: {}", nobody.await.unwrap_err()))
    });
    let options = RuntimeOptions {
        max_attempts: 2,
        unregistered_backoff: UnregisteredBackoffConfig {
            base_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(1),
        },
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &program, options).await;
    let output = world.output("a", "main", "").await;
    assert!(output.starts_with("caught: poison: "), "{output}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w36_a_cancelled_saga_compensates() {
    let undone = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&undone);
    let activities = ActivityRegistry::builder()
        .register("undo", move |_: ActivityContext, _| {
            let counted = Arc::clone(&counted);
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                Ok(String::new())
            }
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let mut saga = ctx.saga();
            saga.undo(|ctx| async move { ctx.schedule_activity("undo", "").await });
            Ok(ctx.schedule_wait("never").await)
        })
        .build();
    let program = Program {
        activities,
        orchestrations,
    };
    let world = world(&program).await;
    world
        .client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    world.reach("a", 2).await;
    world.client.cancel_instance("a", "enough").await.unwrap();
    assert_eq!(failed(world.end("a").await).to_string(), "canceled: enough");
    assert_eq!(undone.load(Ordering::SeqCst), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w37_code_that_never_yields_holds_up_nobody() {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let orchestrations = OrchestrationRegistry::builder()
        .register("spins", move |_: OrchestrationContext, _| {
            let seen = Arc::clone(&seen);
            async move {
                while !seen.load(Ordering::SeqCst) {
                    std::hint::spin_loop();
                }
                Ok(String::new())
            }
        })
        .register("fine", |ctx: OrchestrationContext, text| async move {
            ctx.schedule_activity("echo", text).await
        })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    let options = RuntimeOptions {
        // Others have their turns meanwhile, and the machine may be busy.
        turn_timeout: Duration::from_secs(1),
        turn_threads: 1,
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &program, options).await;
    let details = failed(world.run("a", "spins", "").await);
    assert!(
        details.to_string().contains("did not come back"),
        "{details}"
    );
    assert_eq!(world.output("b", "fine", "x").await, "x");
    stop.store(true, Ordering::SeqCst);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w42_messages_before_the_start_are_refused_and_behind_it_delivered() {
    let store = memory();
    let client = Client::new(Arc::clone(&store));
    let early = client.enqueue_event("a", "q", "early").await;
    assert!(matches!(early, Err(ClientError::InstanceNotFound { .. })));
    client.start_orchestration("a", "main", "").await.unwrap();
    // There is no runtime: this comes before the first turn.
    client.enqueue_event("a", "q", "between").await.unwrap();
    let program =
        program(|ctx: OrchestrationContext, _| async move { Ok(ctx.dequeue_event("q").await) });
    let world = World::start(store, &program, RuntimeOptions::default()).await;
    assert_eq!(completed(world.end("a").await), "between");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w43_a_lock_is_renewed_well_before_it_expires() {
    let faulty = Arc::new(Faulty::new(memory(), u64::MAX / 4));
    // More than two leases long.
    let (program, deliveries) = renewing(&faulty, 8);
    let options = RuntimeOptions {
        worker_lock_timeout: Duration::from_secs(1),
        ..RuntimeOptions::default()
    };
    let world = World::start(faulty, &program, options).await;
    world.output("a", "main", "").await;
    assert_eq!(deliveries.load(Ordering::SeqCst), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w45_versions_may_have_large_numbers() {
    let orchestrations = OrchestrationRegistry::builder()
        .register_versioned("main", "1.999.0", |_, _| async { Ok("old".to_owned()) })
        .register_versioned("main", "1.1000.0", |_, _| async { Ok("new".to_owned()) })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    let world = world(&program).await;
    assert_eq!(world.output("a", "main", "").await, "new");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w47_what_is_too_large_is_refused_where_it_comes_in() {
    let program = with_others(|ctx, _| async move {
        let large = "x".repeat((1 << 20) + 1);
        Ok(ctx.schedule_activity("echo", large).await.unwrap_err())
    });
    let world = world(&program).await;
    let large = "x".repeat((1 << 20) + 1);
    let client = &world.client;
    assert!(
        client
            .start_orchestration("a", "main", large.as_str())
            .await
            .is_err()
    );
    assert!(
        client
            .start_orchestration("x".repeat(257), "main", "")
            .await
            .is_err()
    );
    assert!(
        client
            .start_orchestration("a", "x".repeat(129), "")
            .await
            .is_err()
    );
    let told = world.output("b", "main", "").await;
    assert!(
        told.contains("1048577 bytes; 1048576 are allowed"),
        "{told}"
    );
    assert!(client.raise_event("b", "e", large).await.is_err());
    world.stop().await;
}

#[test]
fn w48_what_is_registered_twice_is_an_error() {
    let twice = OrchestrationRegistry::builder()
        .register("o", |_, text| async { Ok(text) })
        .register("o", |_, text| async { Ok(text) })
        .build_result();
    let error = twice.unwrap_err().to_string();
    assert!(error.contains("`o` 1.0.0 is registered twice"), "{error}");
}
