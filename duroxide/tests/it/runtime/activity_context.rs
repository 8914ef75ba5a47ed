//! What an activity knows and can do: its worker, data of the program, a client, heartbeats; and how
//! it is told that nobody waits any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duroxide::prelude::Runtime;
use duroxide::runtime::StartError;
use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
    select2,
};
use tokio::sync::Notify;

use super::world::{Program, World, completed, everywhere, program, stores, until};

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_can_ask_the_store_through_its_client() {
    let activities = ActivityRegistry::builder()
        .register("look", |ctx: ActivityContext, _| async move {
            let status = ctx
                .client()
                .get_orchestration_status(ctx.instance_id())
                .await;
            Ok(format!("{}", status.unwrap().is_terminal()))
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move { ctx.schedule_activity("look", "").await })
    };
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "false");
    })
    .await;
}

#[tokio::test]
async fn a_context_for_tests_can_be_given_everything() {
    let token = ActivityContext::for_test().cancellation_token();
    let ctx = ActivityContext::for_test()
        .with_attempt(3)
        .with_data(7_u8)
        .with_info(|info| info.session_id = Some("s".to_owned()))
        .with_cancellation(token.clone());
    assert_eq!(
        (ctx.attempt(), ctx.data::<u8>(), ctx.session_id()),
        (3, Ok(&7), Some("s"))
    );
    assert!(!ctx.heartbeat("half of it") && !ctx.is_cancelled());
    assert_eq!(ctx.progress().as_deref(), Some("half of it"));
    token.cancel();
    ctx.cancelled().await;
    assert!(ctx.heartbeat(0.75));
    let missing: String = ctx.data::<u16>().unwrap_err().into();
    assert!(
        missing.contains("`u16`") && missing.contains(".with_data(..)"),
        "{missing}"
    );
    let nowhere = ctx
        .get_client()
        .get_orchestration_status("a")
        .await
        .unwrap_err();
    let why = std::error::Error::source(&nowhere).unwrap().to_string();
    assert!(why.contains(".with_client(..)"), "{why}");
}

#[tokio::test]
async fn data_that_is_missing_or_given_twice_is_an_error_at_the_start() {
    let builder = || Runtime::builder().store(stores().remove(0));
    let twice = builder().data(1_u32).data(2_u32).start().await.unwrap_err();
    assert!(
        matches!(twice, StartError::DataTwice { type_name: "u32" }),
        "{twice}"
    );
    let missing = builder().needs_data::<u64>().start().await.unwrap_err();
    assert!(missing.to_string().contains("`u64`"), "{missing}");
    let runtime = builder()
        .data(1_u64)
        .needs_data::<u64>()
        .start()
        .await
        .unwrap();
    runtime.shutdown(None).await;
}

/// `main` races `slow` against a signal.
fn race(activities: duroxide::registry::ActivityRegistryBuilder) -> Program {
    Program {
        activities: activities.build(),
        ..program(|ctx: OrchestrationContext, _| async move {
            let slow = ctx.schedule_activity("slow", "");
            let go = ctx.schedule_wait("go");
            select2(go, slow).await;
            Ok("raced".to_owned())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_learns_of_the_cancellation_before_the_next_renewal() {
    for store in stores() {
        let started = Arc::new(Notify::new());
        let told = Arc::new(AtomicBool::new(false));
        let (starts, tells) = (Arc::clone(&started), Arc::clone(&told));
        let activities =
            ActivityRegistry::builder().register("slow", move |ctx: ActivityContext, _| {
                let (starts, tells) = (Arc::clone(&starts), Arc::clone(&tells));
                async move {
                    starts.notify_one();
                    while !ctx.heartbeat("going on") {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    tells.store(true, Ordering::SeqCst);
                    Ok(String::new())
                }
            });
        // Without heartbeats it would be told after five minutes.
        let options = RuntimeOptions {
            worker_lock_timeout: Duration::from_secs(900),
            session_idle_timeout: Duration::from_secs(900),
            ..Default::default()
        };
        let world = World::start(store, &race(activities), options).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        started.notified().await;
        world.client.raise_event("a", "go", "").await.unwrap();
        assert_eq!(completed(world.end("a").await), "raced");
        until(|| told.load(Ordering::SeqCst)).await;
        world.stop().await;
    }
}

/// Says when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_activity_that_does_not_end_is_dropped_after_its_grace_period() {
    for store in stores() {
        let started = Arc::new(Notify::new());
        let (told, dropped) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let (starts, tells, drops) = (
            Arc::clone(&started),
            Arc::clone(&told),
            Arc::clone(&dropped),
        );
        let activities =
            ActivityRegistry::builder().register("slow", move |ctx: ActivityContext, _| {
                let (starts, tells) = (Arc::clone(&starts), Arc::clone(&tells));
                let guard = Dropped(Arc::clone(&drops));
                async move {
                    starts.notify_one();
                    ctx.cancelled().await;
                    tells.store(true, Ordering::SeqCst);
                    // It heard, and goes on all the same.
                    std::future::pending::<()>().await;
                    drop(guard);
                    Ok(String::new())
                }
            });
        let options = RuntimeOptions {
            worker_lock_timeout: Duration::from_millis(300),
            activity_cancellation_grace_period: Duration::from_millis(20),
            ..Default::default()
        };
        let world = World::start(store, &race(activities), options).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        started.notified().await;
        world.client.raise_event("a", "go", "").await.unwrap();
        until(|| dropped.load(Ordering::SeqCst)).await;
        assert!(told.load(Ordering::SeqCst));
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_other_instances_are_read_through_the_runtime() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "keeps",
            |ctx: OrchestrationContext, value: String| async move {
                ctx.set_kv_value("k", value);
                Ok(ctx.schedule_wait("never").await)
            },
        )
        .register(
            "main",
            |ctx: OrchestrationContext, key: String| async move {
                let value = ctx.get_kv_value_from_instance("keeper", key).await?;
                let nobody = ctx.get_kv_value_from_instance("nobody", "k").await?;
                Ok(format!("{value:?} {nobody:?}"))
            },
        )
        .build();
    let program = Program {
        activities: ActivityRegistry::builder().build(),
        orchestrations,
    };
    everywhere(program, async |world| {
        world
            .client
            .start_orchestration("keeper", "keeps", "kept")
            .await
            .unwrap();
        world.reach("keeper", 3).await;
        assert_eq!(world.output("a", "main", "k").await, r#"Some("kept") None"#);
        assert_eq!(world.output("b", "main", "other").await, "None None");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_call_of_the_runtime_itself_can_be_caught() {
    let program = program(|ctx: OrchestrationContext, _| async move {
        let read = ctx.get_kv_value_from_instance("no such id!", "k").await;
        Ok(read.unwrap_err())
    });
    everywhere(program, async |world| {
        let error = world.output("a", "main", "").await;
        assert!(error.contains("instance id `no such id!`"), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_nobody_knows_ends_a_child_and_its_parent_is_told() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("child", |ctx, _| async move {
            ctx.schedule_activity("nobody_knows_it", "").await
        })
        .register("main", |ctx: OrchestrationContext, _| async move {
            let call = ctx.schedule_sub_orchestration("child", "");
            Ok(call.await.unwrap_err())
        })
        .build();
    let program = Program {
        activities: ActivityRegistry::builder().build(),
        orchestrations,
    };
    for store in stores() {
        let mut options = RuntimeOptions {
            max_attempts: 2,
            ..Default::default()
        };
        options.unregistered_backoff.base_delay = Duration::from_millis(1);
        let world = World::start(store, &program, options).await;
        let told = world.output("a", "main", "").await;
        assert!(
            told.starts_with("poison: the activity `nobody_knows_it`"),
            "{told}"
        );
        world.stop().await;
    }
}
