//! What was seen to go wrong: rows 1 to 16.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use duroxide::env::{Env as _, TokioEnv};
use duroxide::history::{ExecutionId, InstanceId, Message};
use duroxide::storage::redb::RedbProvider;
use duroxide::{
    AppErrorKind, ClientError, ErrorDetails, EventKind, OrchestrationContext,
    OrchestrationRegistry, OrchestrationStatus, RuntimeOptions, VersionPolicy,
};

use super::{memory, renewing, with_others, world};
use crate::runtime::faults::Faulty;
use crate::runtime::world::{Program, World, completed, echo, failed, program};
use crate::support;

#[tokio::test(flavor = "multi_thread")]
async fn w01_messages_for_nobody_are_refused_and_hold_up_nobody() {
    let world = world(&with_others(|_, _| async { Ok(String::new()) })).await;
    let client = &world.client;
    let refusals = [
        client.raise_event("ghost", "e", "").await,
        client.enqueue_event("ghost", "q", "").await,
        client.cancel_instance("ghost", "why").await,
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Err(ClientError::InstanceNotFound { .. })));
    }
    assert_eq!(world.output("fresh", "echoes", "\"x\"").await, "\"x\"");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w02_what_is_scheduled_in_the_last_turn_and_not_awaited_leaves_nothing() {
    let program = with_others(|ctx, _| async move {
        let _unawaited = ctx.schedule_sub_orchestration("waits", "");
        Ok("done".to_owned())
    });
    let world = world(&program).await;
    assert_eq!(world.output("a", "main", "").await, "done");
    assert_eq!(world.client.list_all_instances().await.unwrap(), ["a"]);
    assert_eq!(world.output("b", "echoes", "x").await, "x");
    let depths = world.client.get_queue_depths().await.unwrap();
    assert_eq!((depths.orchestrator_queue, depths.worker_queue), (0, 0));
    world.stop().await;
}

#[test]
fn w03_ten_thousand_buffered_messages_are_read_in_one_turn() {
    for count in [99, 100, 10_000] {
        let program = support::Program::new(move |ctx| async move {
            let mut read = 0;
            ctx.schedule_wait("go").await;
            while read < count {
                ctx.dequeue_event("q").await;
                read += 1;
            }
            Ok(read.to_string())
        });
        let mut live = program.start();
        live.send_all((0..count).map(|n| support::queued("q", &n.to_string())));
        live.send(support::raised("go", ""));
        let last = live.lines().last().unwrap().clone();
        assert!(last.ends_with(&format!("done: {count}")), "{last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w04_a_child_that_breaks_a_limit_ends_once_and_tells_its_parent() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let error = ctx
                .schedule_sub_orchestration("greedy", "")
                .await
                .unwrap_err();
            Ok(error)
        })
        .register("greedy", |ctx: OrchestrationContext, _| async move {
            ctx.set_kv_value("key", "x".repeat(70_000));
            Ok(String::new())
        })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    let world = world(&program).await;
    let told = world.output("a", "main", "").await;
    assert!(told.contains("70000 bytes; 65536 are allowed"), "{told}");
    let history = world.history("a::sub::2", 1).await;
    let ends = history.iter().filter(|event| event.kind.is_terminal());
    assert_eq!(ends.count(), 1);
    world.stop().await;
}

#[test]
fn w05_code_shorter_than_its_history_is_nondeterminism() {
    let long = support::Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_activity("b", "").await
    });
    let mut live = long.start();
    live.complete(2, "");
    let short = support::Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let refusal = short.refusal(&live.history);
    assert!(refusal.recorded.contains("activity `b`"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w08_a_tag_that_comes_too_late_is_an_error_and_no_panic() {
    let program = with_others(|ctx, _| async move {
        let call = ctx.schedule_activity("echo", "x");
        ctx.schedule_timer(Duration::ZERO).await;
        call.with_tag("gpu").await
    });
    let world = world(&program).await;
    let details = failed(world.run("a", "main", "").await);
    assert!(details.to_string().contains("too late"), "{details}");
    assert_eq!(world.output("b", "echoes", "x").await, "x");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w09_the_same_start_again_is_fine_and_another_is_an_error() {
    let world = world(&with_others(|_, _| async { Ok(String::new()) })).await;
    let client = &world.client;
    client
        .start_orchestration("a", "waits", "in")
        .await
        .unwrap();
    client
        .start_orchestration("a", "waits", "in")
        .await
        .unwrap();
    for (name, input) in [("waits", "other"), ("echoes", "in")] {
        let refusal = client.start_orchestration("a", name, input).await;
        assert!(matches!(refusal, Err(ClientError::AlreadyExists { .. })));
    }
    world.stop().await;
}

/// The copy is what a power loss right behind the acknowledgement would leave: the store syncs before
/// it answers.
#[tokio::test(flavor = "multi_thread")]
async fn w10_what_is_acknowledged_is_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("a.redb"), folder.path().join("b.redb"));
    let store = RedbProvider::open(&path).unwrap();
    let client = duroxide::Client::new(Arc::new(store.clone()));
    for number in 0..8 {
        let before = store.io_counts().syncs;
        let id = format!("i-{number}");
        client
            .start_orchestration(id.as_str(), "waits", "in")
            .await
            .unwrap();
        assert!(store.io_counts().syncs > before);
        std::fs::copy(&path, &copy).unwrap();
        let found = duroxide::Client::new(Arc::new(RedbProvider::open(&copy).unwrap()));
        let status = found.get_orchestration_status(&id).await.unwrap();
        assert!(matches!(status, OrchestrationStatus::Running { .. }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w12_keys_are_counted_over_all_turns() {
    let program = with_others(|ctx, _| async move {
        for turn in 0..2 {
            for key in 0..100 {
                ctx.set_kv_value(format!("{turn}-{key}"), "");
            }
            ctx.schedule_timer(Duration::ZERO).await;
        }
        Ok(String::new())
    });
    let world = world(&program).await;
    let details = failed(world.run("a", "main", "").await).to_string();
    assert!(details.contains("150 are allowed"), "{details}");
    world.stop().await;
}

#[test]
fn w13_a_repeated_completion_of_any_kind_is_inert() {
    let program = support::Program::new(|ctx| async move {
        let _ = ctx.schedule_activity("a", "").await;
        let _ = ctx.schedule_sub_orchestration("c", "").await;
        ctx.schedule_timer(Duration::from_secs(1)).await;
        Ok(ctx.schedule_wait("end").await)
    });
    let mut live = program.start();
    let done = Message::SubOrchestrationCompleted {
        execution_id: ExecutionId::FIRST,
        source: duroxide::history::EventId(4),
        result: String::new(),
    };
    let failed = Message::SubOrchestrationFailed {
        execution_id: ExecutionId::FIRST,
        source: duroxide::history::EventId(4),
        details: ErrorDetails::application(AppErrorKind::OrchestrationFailed, "no"),
    };
    live.refuse(2, "no");
    live.send(failed.clone());
    live.fire(6);
    let before = live.history.len();
    for again in [
        support::failed(2, "no"),
        support::completed(2, ""),
        failed,
        done,
        support::fired(6, 2_000),
    ] {
        live.send(again);
    }
    assert_eq!(live.history.len(), before);
    live.send(support::raised("end", "ok"));
    assert!(live.lines().last().unwrap().ends_with("done: ok"));
}

#[test]
fn w14_a_merge_keeps_the_policies_of_versions() {
    let other = OrchestrationRegistry::builder()
        .register_versioned("o", "1.0.0", |_, _| async { Ok("old".to_owned()) })
        .register_versioned("o", "2.0.0", |_, _| async { Ok("new".to_owned()) })
        .set_policy("o", VersionPolicy::Exact("1.0.0".parse().unwrap()))
        .build();
    let merged = OrchestrationRegistry::builder()
        .merge(other)
        .build_result()
        .unwrap();
    let chosen = merged.resolve_version("o").unwrap();
    assert_eq!(chosen.to_string(), "1.0.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn w15_an_instance_between_two_executions_is_running() {
    // Nobody has the next version, so the next execution waits for its first turn.
    let program = program(|ctx: OrchestrationContext, _| async move {
        ctx.continue_as_new_versioned("9.0.0", "").await
    });
    let world = world(&program).await;
    world
        .client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    let id = InstanceId::new("a").unwrap();
    let next = async {
        loop {
            let status = world.store.status(&id).await.unwrap().unwrap();
            if status.execution_id != ExecutionId::FIRST {
                return status;
            }
            world.store.wait(&id, status.change).await.unwrap();
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(30), next)
        .await
        .unwrap();
    assert!(status.pending && !status.state.is_terminal());
    let refusal = world.client.delete_instance("a", false).await;
    assert!(matches!(
        refusal,
        Err(ClientError::InstanceStillRunning { .. })
    ));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w16_times_are_those_of_the_clock() {
    let world = world(&with_others(|_, _| async { Ok(String::new()) })).await;
    let before = TokioEnv::new().now().as_millis();
    world.output("a", "echoes", "x").await;
    let after = TokioEnv::new().now().as_millis();
    let info = world.client.get_instance_info("a").await.unwrap();
    assert!((before..=after).contains(&info.created_at));
    assert!((info.created_at..=after).contains(&info.updated_at));
    let execution = world.client.get_execution_info("a", 1).await.unwrap();
    assert!((before..=after).contains(&execution.started_at));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w06_one_failed_renewal_cancels_nothing() {
    // Every second call fails, renewals among them.
    let faulty = Arc::new(Faulty::new(memory(), 2));
    let (program, runs) = renewing(&faulty, 4);
    let options = RuntimeOptions {
        worker_lock_timeout: Duration::from_millis(1_500),
        ..RuntimeOptions::default()
    };
    let world = World::start(faulty, &program, options).await;
    assert_eq!(completed(world.run("a", "main", "").await), "false");
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_a_next_execution_leaves_no_child_behind() {
    let program = with_others(|ctx, input| async move {
        if input == "last" {
            return Ok(String::new());
        }
        let _child = ctx.schedule_sub_orchestration_with_id("waits", "child", "");
        ctx.schedule_timer(Duration::ZERO).await;
        ctx.continue_as_new("last").await
    });
    let world = world(&program).await;
    world.output("a", "main", "").await;
    let details = failed(world.end("child").await);
    assert!(details.to_string().starts_with("canceled: "), "{details}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w11_a_detached_start_of_a_turn_that_continues_as_new_is_made() {
    let program = with_others(|ctx, input| async move {
        if input == "last" {
            return Ok(String::new());
        }
        ctx.schedule_orchestration("echoes", "detached", "x");
        ctx.continue_as_new("last").await
    });
    let world = world(&program).await;
    world.output("a", "main", "").await;
    world.exists("detached").await;
    assert_eq!(completed(world.end("detached").await), "x");
    let chained = |kind: &EventKind| matches!(kind, EventKind::OrchestrationChained { .. });
    let history = world.history("a", 1).await;
    assert_eq!(
        history.iter().filter(|event| chained(&event.kind)).count(),
        1
    );
    world.stop().await;
}
