//! Activities: what they are told, how they fail, and what happens to those nobody waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, AppErrorKind, ErrorDetails, EventKind,
    OrchestrationRegistry, RuntimeOptions, select2,
};
use tokio::sync::{Notify, Semaphore};

use super::world::{Program, World, completed, everywhere, failed, program, stores};

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_an_activity_can_be_caught_or_passed_on() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("catches", |ctx, _| async move {
            let error = ctx.schedule_activity("fails", "x").await.unwrap_err();
            Ok(format!("caught: {error}"))
        })
        .register("passes_on", |ctx, _| async move {
            ctx.schedule_activity("fails", "x").await
        })
        .build();
    let activities = ActivityRegistry::builder()
        .register("fails", |_, input: String| async move {
            Err(format!("no {input}"))
        })
        .build();
    everywhere(
        Program {
            activities,
            orchestrations,
        },
        async |world| {
            assert_eq!(world.output("a", "catches", "").await, "caught: no x");
            let details = failed(world.run("b", "passes_on", "").await);
            let ErrorDetails::Application { kind, message, .. } = details else {
                panic!("{details}")
            };
            assert_eq!(
                (kind, message.as_str()),
                (AppErrorKind::OrchestrationFailed, "no x")
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panicking_activity_fails_its_call_and_nothing_else() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx, input| async move {
            let error = ctx.schedule_activity(input, "").await.unwrap_err();
            Ok(error)
        })
        .build();
    let activities = ActivityRegistry::builder()
        .register("later", |_, _| async move {
            tokio::task::yield_now().await;
            panic!("at last")
        })
        .register("at_once", |_, _| {
            assert!(std::hint::black_box(false), "at once");
            async move { Ok(String::new()) }
        })
        .build();
    everywhere(
        Program {
            activities,
            orchestrations,
        },
        async |world| {
            assert_eq!(
                world.output("a", "main", "later").await,
                "activity panicked: at last"
            );
            assert!(
                world
                    .output("b", "main", "at_once")
                    .await
                    .contains("at once")
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_knows_who_calls() {
    let activities = ActivityRegistry::builder()
        .register("who", |ctx: ActivityContext, _| async move {
            Ok(format!(
                "{} {} {} {} {} {} {} {} {}",
                ctx.instance_id(),
                ctx.execution_id(),
                ctx.activity_id(),
                ctx.activity_name(),
                ctx.orchestration_name(),
                ctx.orchestration_version(),
                ctx.attempt(),
                ctx.delivery(),
                ctx.idempotency_key()
            ))
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move { ctx.schedule_activity("who", "").await })
    };
    everywhere(program, async |world| {
        assert_eq!(
            world.output("a", "main", "").await,
            "a 1 2 who main 1.0.0 1 1 a/1/2"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_that_lost_its_race_is_told_and_its_result_discarded() {
    let told = Arc::new(Semaphore::new(0));
    let started = Arc::new(Notify::new());
    let (tells, starts) = (Arc::clone(&told), Arc::clone(&started));
    let activities = ActivityRegistry::builder()
        .register("slow", move |ctx: ActivityContext, _| {
            let (tells, starts) = (Arc::clone(&tells), Arc::clone(&starts));
            async move {
                starts.notify_one();
                ctx.cancelled().await;
                tells.add_permits(1);
                Ok("too late".to_owned())
            }
        })
        .register("wait_for_slow", move |_, _| {
            let started = Arc::clone(&started);
            async move {
                started.notified().await;
                Ok("quick".to_owned())
            }
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move {
            let slow = ctx.schedule_activity("slow", "");
            let quick = ctx.schedule_activity("wait_for_slow", "");
            let (_, output) = select2(slow, quick).await.into_tuple();
            output
        })
    };
    for store in stores() {
        // A worker learns of it when it renews its lock.
        let options = RuntimeOptions {
            worker_lock_timeout: Duration::from_millis(90),
            ..Default::default()
        };
        let world = World::start(store, &program, options).await;
        assert_eq!(world.output("a", "main", "").await, "quick");
        told.acquire().await.unwrap().forget();
        let history = world.history("a", 1).await;
        let cancelled = history.iter().any(|event| {
            event.kind
                == EventKind::ActivityCancelRequested {
                    reason: "dropped_future".to_owned(),
                }
        });
        assert!(cancelled, "{history:?}");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_that_runs_longer_than_its_lease_runs_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let activities = ActivityRegistry::builder()
        .register("long", move |_, _| {
            let runs = Arc::clone(&counted);
            async move {
                runs.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok("done".to_owned())
            }
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move { ctx.schedule_activity("long", "").await })
    };
    for store in stores() {
        runs.store(0, Ordering::SeqCst);
        let options = RuntimeOptions {
            // Renewed at a third of it: a machine that stands still for less does no harm.
            worker_lock_timeout: Duration::from_millis(400),
            ..Default::default()
        };
        let world = World::start(store, &program, options).await;
        assert_eq!(world.output("a", "main", "").await, "done");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_activities_run_at_once_than_allowed() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let activities = ActivityRegistry::builder()
        .register("echo", move |_, text: String| {
            let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
            async move {
                let count = now.fetch_add(1, Ordering::SeqCst) + 1;
                peak.fetch_max(count, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(text)
            }
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move {
            let calls = (0..50).map(|n| ctx.schedule_activity("echo", n.to_string()));
            Ok(duroxide::join_all(calls).await.len().to_string())
        })
    };
    for store in stores() {
        let options = RuntimeOptions {
            worker_concurrency: 3,
            ..Default::default()
        };
        let world = World::start(store, &program, options).await;
        assert_eq!(world.output("a", "main", "").await, "50");
        assert!(most.load(Ordering::SeqCst) <= 3);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_without_a_handler_waits_for_somebody_who_has_one() {
    for store in stores() {
        let orchestrations = OrchestrationRegistry::builder()
            .register("main", |ctx, _| async move {
                ctx.schedule_activity("new", "x").await
            })
            .build();
        let old = Program {
            activities: super::world::echo(),
            orchestrations,
        };
        let new_activities = ActivityRegistry::builder()
            .register(
                "new",
                |_, text: String| async move { Ok(format!("new {text}")) },
            )
            .build();
        let new = Program {
            activities: new_activities,
            ..old.clone()
        };
        // Which of the two workers gets it is chance: enough tries for any run of bad luck.
        let mut options = RuntimeOptions {
            max_attempts: 10_000,
            ..Default::default()
        };
        options.unregistered_backoff.base_delay = Duration::from_millis(2);
        options.unregistered_backoff.max_delay = Duration::from_millis(2);
        let world = World::start(store.clone(), &old, options.clone()).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        world
            .client
            .start_orchestration("b", "unknown", "")
            .await
            .unwrap();
        world.reach("a", 2).await;
        let second = World::start(store, &new, options).await;
        assert_eq!(completed(world.end("a").await), "new x");
        second.stop().await;
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_nobody_knows_ends_as_poison_that_can_be_caught() {
    let program = program(|ctx, _| async move {
        let error = ctx.schedule_activity("unknown", "").await.unwrap_err();
        Ok(error)
    });
    for store in stores() {
        let mut options = RuntimeOptions {
            max_attempts: 3,
            ..Default::default()
        };
        options.unregistered_backoff.base_delay = Duration::from_millis(1);
        let world = World::start(store, &program, options).await;
        let error = world.output("a", "main", "").await;
        assert!(
            error.starts_with("poison") && error.contains("unknown"),
            "{error}"
        );
        let details = failed(world.run("b", "nobody_knows_it", "").await);
        assert!(
            matches!(
                details,
                ErrorDetails::Poison {
                    max_attempts: 3,
                    ..
                }
            ),
            "{details}"
        );
        world.stop().await;
    }
}
