//! What is counted: each fact once, under bounded labels, in the snapshot and through the facade.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ::metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use duroxide::telemetry::metric;
use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RetryPolicy,
    RuntimeOptions,
};

use super::log::log;
use super::world::{Program, World, everywhere, failed, stores, until};

/// Everything that was recorded in this process: a recorder is one for all threads. So a test gives
/// its handlers names of its own.
type Kept = Arc<Mutex<BTreeMap<String, Vec<f64>>>>;

fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let kept = Kept::default();
        ::metrics::set_global_recorder(Keeper(Arc::clone(&kept))).unwrap();
        kept
    })
}

struct Keeper(Kept);

struct Series(Kept, String);

impl Series {
    fn of(keeper: &Keeper, key: &Key) -> Arc<Self> {
        let labels = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()));
        let labels = labels.collect::<Vec<_>>().join(" ");
        Arc::new(Self(
            Arc::clone(&keeper.0),
            format!("{} {labels}", key.name()),
        ))
    }
    fn push(&self, value: f64) {
        let mut kept = self.0.lock().unwrap();
        kept.entry(self.1.clone()).or_default().push(value);
    }
}

impl CounterFn for Series {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn increment(&self, value: u64) {
        self.push(value as f64);
    }
    fn absolute(&self, _: u64) {}
}
impl GaugeFn for Series {
    fn increment(&self, _: f64) {}
    fn decrement(&self, _: f64) {}
    fn set(&self, value: f64) {
        self.push(value);
    }
}
impl HistogramFn for Series {
    fn record(&self, value: f64) {
        self.push(value);
    }
}
impl Recorder for Keeper {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Series::of(self, key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(Series::of(self, key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Series::of(self, key))
    }
}

/// The series of a metric whose labels name these handlers, with their sums.
fn series(metric: &str, handler: &str) -> Vec<(String, f64)> {
    let kept = kept().lock().unwrap();
    let mine = kept.iter().filter_map(|(key, values)| {
        let labels = key.strip_prefix(metric)?.strip_prefix(' ')?;
        let is_mine = labels.contains(&format!("={handler}"));
        is_mine.then(|| (labels.to_owned(), values.iter().sum()))
    });
    mine.collect()
}

fn one(labels: &str, value: f64) -> Vec<(String, f64)> {
    vec![(labels.to_owned(), value)]
}

/// Fails twice, then works.
fn third_time_lucky() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("m_lucky", |ctx: ActivityContext, _| async move {
            if ctx.attempt() < 3 {
                return Err("not yet".to_owned());
            }
            Ok(String::new())
        })
        .build()
}

/// A parent whose activity succeeds at the third attempt, with a child that continues as new and
/// one that fails.
fn counted() -> Program {
    let orchestrations = OrchestrationRegistry::builder()
        .register("m_main", |ctx: OrchestrationContext, _| async move {
            let policy = RetryPolicy::new(3).with_backoff(duroxide::BackoffStrategy::None);
            ctx.schedule_activity_with_retry("m_lucky", "", policy)
                .await?;
            ctx.schedule_sub_orchestration("m_child", "").await?;
            ctx.schedule_sub_orchestration("m_fails", "")
                .await
                .unwrap_err();
            Ok(String::new())
        })
        .register(
            "m_child",
            |ctx: OrchestrationContext, round: String| async move {
                if round.is_empty() {
                    return ctx.continue_as_new("again").await;
                }
                Ok(String::new())
            },
        )
        .register(
            "m_fails",
            |_, _| async move { Err("on purpose".to_owned()) },
        )
        .build();
    Program {
        activities: third_time_lucky(),
        orchestrations,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w72_each_fact_is_counted_once() {
    kept();
    let mut worlds = 0.0;
    for live_instances in [0, 100] {
        for store in stores() {
            worlds += 1.0;
            let options = RuntimeOptions {
                live_instances,
                ..Default::default()
            };
            let world = World::start(store, &counted(), options).await;
            world.output("a", "m_main", "").await;
            // What is counted is durable before; the client may have seen that first.
            let runtime = Arc::clone(&world.runtime);
            world.stop().await;
            let seen = runtime.metrics_snapshot().unwrap();
            let orchestrations = [
                seen.orch_starts,
                seen.orch_completions,
                seen.orch_failures,
                seen.orch_application_errors,
                seen.orch_continue_as_new,
                seen.orch_poison,
                seen.suborchestration_calls,
            ];
            assert_eq!(orchestrations, [4, 2, 1, 1, 1, 0, 2]);
            let activities = [
                seen.activity_success,
                seen.activity_app_errors,
                seen.worker_dispatcher_items_fetched,
                seen.provider_errors,
            ];
            assert_eq!(activities, [1, 2, 3, 0]);
        }
    }
    each_series_has(worlds);
}

/// What so many runs of the program come to, under which labels.
fn each_series_has(worlds: f64) {
    let by_name = "orchestration_name=";
    let starts = |name: &str| series(metric::ORCHESTRATION_STARTS, name);
    let begun = |name, by| format!("{by_name}{name} version=1.0.0 initiated_by={by}");
    assert_eq!(starts("m_main"), one(&begun("m_main", "client"), worlds));
    let child = [
        (begun("m_child", "continueAsNew"), worlds),
        (begun("m_child", "parent"), worlds),
    ];
    assert_eq!(starts("m_child"), child);
    let ended = "orchestration_name=m_main version=1.0.0 status=success final_turn_count=6-10";
    assert_eq!(
        series(metric::ORCHESTRATION_COMPLETIONS, "m_main"),
        one(ended, worlds)
    );
    let failed = "orchestration_name=m_fails version=1.0.0 error_type=app_error \
                  error_category=orchestration_failed";
    assert_eq!(
        series(metric::ORCHESTRATION_FAILURES, "m_fails"),
        one(failed, worlds)
    );
    // Three attempts, two children, the start: the same with and without replays.
    let turns = series(metric::ORCHESTRATION_TURNS, "m_main");
    assert_eq!(turns, one("orchestration_name=m_main", 6.0 * worlds));
    let ran = |outcome, retry| {
        format!("activity_name=m_lucky outcome={outcome} retry_attempt={retry} tag=default")
    };
    let attempts = [
        (ran("app_error", "0"), worlds),
        (ran("app_error", "1"), worlds),
        (ran("success", "2"), worlds),
    ];
    assert_eq!(series(metric::ACTIVITY_EXECUTIONS, "m_lucky"), attempts);
    let calls = series(metric::SUBORCHESTRATION_CALLS, "m_main");
    let called = |child, outcome| {
        format!("parent_orchestration=m_main child_orchestration={child} outcome={outcome}")
    };
    let wanted = [
        (called("m_child", "success"), worlds),
        (called("m_fails", "failed"), worlds),
    ];
    assert_eq!(calls, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn poisoned_instances_count_among_the_failures() {
    kept();
    let program = Program {
        activities: ActivityRegistry::builder().build(),
        orchestrations: OrchestrationRegistry::builder()
            .register("m_other", |_, _| async move { Ok(String::new()) })
            .build(),
    };
    for store in stores() {
        let mut options = RuntimeOptions {
            max_attempts: 2,
            ..Default::default()
        };
        options.unregistered_backoff.base_delay = Duration::from_millis(1);
        let world = World::start(store, &program, options).await;
        failed(world.run("a", "m_unknown", "").await);
        let count = || world.runtime.metrics_snapshot().unwrap();
        until(|| count().orch_poison == 1).await;
        assert_eq!((count().orch_starts, count().orch_failures), (1, 1));
        world.stop().await;
    }
    let labels = "orchestration_name=m_unknown version=0.0.0 error_type=poison \
                  error_category=orchestration";
    assert_eq!(
        series(metric::ORCHESTRATION_FAILURES, "m_unknown"),
        one(labels, 3.0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn w35_the_gauge_of_running_instances_says_what_the_store_says() {
    kept();
    let program = super::world::program(|ctx, _| async move { Ok(ctx.schedule_wait("go").await) });
    for store in stores() {
        let mut options = RuntimeOptions::default();
        options.observability.gauge_poll_interval = Duration::from_millis(2);
        let world = World::start(store, &program, options).await;
        // A number that no other test of this process has.
        for number in 0..37 {
            let id = format!("i-{number}");
            world
                .client
                .start_orchestration(id, "main", "")
                .await
                .unwrap();
        }
        let last = || {
            let key = format!("{} ", metric::ACTIVE_ORCHESTRATIONS);
            let kept = kept().lock().unwrap();
            kept.get(&key).cloned().unwrap_or_default()
        };
        until(|| last().contains(&37.0)).await;
        world.stop().await;
        kept()
            .lock()
            .unwrap()
            .remove(&format!("{} ", metric::ACTIVE_ORCHESTRATIONS));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_users_write_is_in_no_log_line_and_no_label() {
    const SECRET: &str = "canary-5f1d";
    let log = log();
    kept();
    let activities = ActivityRegistry::builder()
        .register("m_secret", |_, input: String| async move {
            Err(format!("no {input}"))
        })
        .build();
    let version = |more: &'static str| Program {
        activities: activities.clone(),
        orchestrations: OrchestrationRegistry::builder()
            .register(
                "m_leaks",
                move |ctx: OrchestrationContext, input: String| async move {
                    ctx.set_custom_status(input.as_str());
                    ctx.set_kv_value("k", input.as_str());
                    let called = ctx
                        .schedule_activity("m_secret", format!("{input}{more}"))
                        .await;
                    called.unwrap_err();
                    Err(ctx.schedule_wait("go").await)
                },
            )
            .build(),
    };
    for store in stores() {
        let world = World::start(store, &version(""), RuntimeOptions::default()).await;
        for id in ["fails", "changes"] {
            world
                .client
                .start_orchestration(id, "m_leaks", SECRET)
                .await
                .unwrap();
            world.reach(id, 6).await;
        }
        world
            .client
            .raise_event("fails", "go", SECRET)
            .await
            .unwrap();
        failed(world.end("fails").await);
        let world = world.redeploy(&version("!")).await;
        world
            .client
            .raise_event("changes", "go", SECRET)
            .await
            .unwrap();
        let details = failed(world.end("changes").await);
        assert_eq!(details.category(), "configuration");
        world.stop().await;
    }
    let leaks = log
        .everything()
        .into_iter()
        .filter(|line| format!("{line:?}").contains(SECRET));
    assert_eq!(leaks.count(), 0);
    let labels = kept().lock().unwrap();
    assert!(labels.keys().all(|key| !key.contains(SECRET)));
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_needs_no_recorder() {
    let program =
        super::world::program(|ctx, _| async move { ctx.schedule_activity("echo", "x").await });
    everywhere(program, async |world| {
        world.output("a", "main", "").await;
        let count = || world.runtime.metrics_snapshot().unwrap();
        let ended = || (count().orch_completions, count().activity_success);
        // What is counted is durable before: each of these may come last.
        until(|| (count().orch_starts, ended()) == (1, (1, 1))).await;
    })
    .await;
}
