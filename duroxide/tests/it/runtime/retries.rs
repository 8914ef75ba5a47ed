//! Calls that are retried, on the real runtime.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, BackoffStrategy, EventKind, OrchestrationContext,
    RetryPolicy, RuntimeOptions,
};

use super::world::{Program, World, completed, everywhere, live_on_and_off, program, stores};

/// What an activity was told in one run.
type Told = (u32, u32, u64, String);

fn told(ctx: &ActivityContext) -> Told {
    let key = ctx.idempotency_key();
    (ctx.attempt(), ctx.delivery(), ctx.activity_id(), key)
}

fn short_pauses() -> RetryPolicy {
    RetryPolicy::new(3).with_backoff(BackoffStrategy::Fixed {
        delay: Duration::from_millis(5),
    })
}

/// The typed call of an activity that the tests register by its name.
#[expect(
    clippy::unused_async,
    reason = "the tests register other bodies under this name"
)]
#[duroxide::activity]
async fn flaky(_ctx: &ActivityContext) -> Result<u32, String> {
    Ok(0)
}

/// The activity `flaky`; in its first attempts it hangs for much longer than it may.
fn hangs_at_first(attempts: u32) -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("flaky", move |ctx: ActivityContext, _| async move {
            if ctx.attempt() <= attempts {
                tokio::time::sleep(Duration::from_millis(250)).await;
                return Err("too late".to_owned());
            }
            Ok(ctx.attempt().to_string())
        })
        .build()
}

/// A program of the orchestration `main`, whose call of `flaky` ends so.
fn calling<F, Fut>(activities: ActivityRegistry, call: F) -> Program
where
    F: Fn(OrchestrationContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<u32, duroxide::CallError<String>>> + Send + 'static,
{
    Program {
        activities,
        ..program(move |ctx, _| {
            let call = call(ctx);
            async move { Ok(format!("{:?}", call.await)) }
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_that_fails_twice_is_told_its_attempts_and_one_key() {
    let runs: Arc<Mutex<Vec<Told>>> = Arc::default();
    let noted = Arc::clone(&runs);
    let activities = ActivityRegistry::builder()
        .register("pay", move |ctx: ActivityContext, _| {
            noted.lock().unwrap().push(told(&ctx));
            async move {
                match ctx.attempt() {
                    1 => Err("busy".to_owned()),
                    2 => panic!("at the second attempt"),
                    _ => Ok("paid".to_owned()),
                }
            }
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move {
            ctx.schedule_activity_with_retry("pay", "", short_pauses())
                .await
        })
    };
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "paid");
        let told = std::mem::take(&mut *runs.lock().unwrap());
        let key = || "a/1/2".to_owned();
        assert_eq!(
            told,
            [(1, 1, 2, key()), (2, 1, 6, key()), (3, 1, 10, key())]
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_hangs_is_cancelled_and_the_next_one_succeeds() {
    let program = calling(hangs_at_first(2), |ctx| {
        flaky(&ctx)
            .retry(short_pauses())
            .timeout(Duration::from_millis(30))
            .schedule()
    });
    everywhere(program, async |world| {
        // Quick as the third attempt is, a slow machine may let it time out as well.
        let output = world.output("a", "main", "").await;
        assert!(
            ["Ok(3)", "Err(TimedOut)"].contains(&output.as_str()),
            "{output}"
        );
        let history = world.history("a", 1).await;
        let cancelled = history
            .iter()
            .filter(|event| matches!(event.kind, EventKind::ActivityCancelRequested { .. }));
        assert!(cancelled.count() >= 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_all_attempts_together_runs_out() {
    let program = calling(hangs_at_first(u32::MAX), |ctx| {
        flaky(&ctx)
            .retry(short_pauses())
            .total_timeout(Duration::from_millis(60))
            .schedule()
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "Err(TimedOut)");
        let history = world.history("a", 1).await;
        let [first, .., last] = history.as_slice() else {
            panic!("{history:?}")
        };
        let took = last.timestamp.since(first.timestamp);
        assert!(took >= Duration::from_millis(60), "{took:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_options_there_is_one_attempt() {
    let activities = ActivityRegistry::builder()
        .register("flaky", |ctx: ActivityContext, _| async move {
            Err(format!("attempt {}", ctx.attempt()))
        })
        .build();
    let program = calling(activities, |ctx| flaky(&ctx).schedule());
    everywhere(program, async |world| {
        let output = world.output("a", "main", "").await;
        assert_eq!(output, r#"Err(Failed("attempt 1"))"#);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_go_on_under_the_next_runtime() {
    let activities = || {
        ActivityRegistry::builder()
            .register("flaky", |ctx: ActivityContext, _| async move {
                if ctx.attempt() < 3 {
                    return Err("busy".to_owned());
                }
                Ok(ctx.attempt().to_string())
            })
            .build()
    };
    let program = || {
        calling(activities(), |ctx| {
            let policy = RetryPolicy::new(3).with_backoff(BackoffStrategy::Fixed {
                delay: Duration::from_millis(200),
            });
            flaky(&ctx).retry(policy).schedule()
        })
    };
    for options in live_on_and_off() {
        for store in stores() {
            let mut world = World::start(store, &program(), options.clone()).await;
            world
                .client
                .start_orchestration("a", "main", "")
                .await
                .unwrap();
            // In the middle of the first pause, and of the second.
            for events in [4, 8] {
                world.reach("a", events).await;
                world = world.redeploy(&program()).await;
            }
            assert_eq!(completed(world.end("a").await), "Ok(3)");
            assert_eq!(world.history("a", 1).await.len(), 12);
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_lost_is_no_attempt() {
    let runs: Arc<Mutex<Vec<Told>>> = Arc::default();
    let noted = Arc::clone(&runs);
    let activities = ActivityRegistry::builder()
        .register("flaky", move |ctx: ActivityContext, _| {
            noted.lock().unwrap().push(told(&ctx));
            async move {
                if ctx.attempt() == 1 {
                    return Err("busy".to_owned());
                }
                Ok(ctx.attempt().to_string())
            }
        })
        .build();
    let lost = ActivityRegistry::builder().build();
    for store in stores() {
        let program = |activities| {
            calling(activities, |ctx| {
                flaky(&ctx).retry(short_pauses()).schedule()
            })
        };
        // The first worker takes the activity, has no handler, and puts it back.
        let mut options = RuntimeOptions::default();
        options.unregistered_backoff.base_delay = Duration::from_millis(1);
        options.unregistered_backoff.max_delay = Duration::from_millis(1);
        options.max_attempts = 1_000_000;
        let world = World::start(store, &program(lost.clone()), options).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        world.reach("a", 2).await;
        let fetched = || {
            let counted = world.runtime.metrics_snapshot().unwrap();
            counted.worker_dispatcher_items_fetched
        };
        super::world::until(|| fetched() > 2).await;
        let world = world.redeploy(&program(activities.clone())).await;
        assert_eq!(completed(world.end("a").await), "Ok(2)");
        let told = std::mem::take(&mut *runs.lock().unwrap());
        let [(1, deliveries, 2, _), (2, 1, 6, key)] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert!(*deliveries > 1 && key == "a/1/2", "{told:?}");
        world.stop().await;
    }
}
