//! Options that cannot work: refused where there is a `Result` to say so, replaced elsewhere.

use std::time::Duration;

use duroxide::prelude::Runtime;
use duroxide::runtime::StartError;
use duroxide::{RuntimeOptions, TagFilter};

use super::log::log;
use super::world::{World, program, stores};

#[tokio::test]
async fn the_builder_refuses_options_that_cannot_work() {
    let bad = [
        (
            RuntimeOptions {
                worker_lock_timeout: Duration::ZERO,
                ..Default::default()
            },
            "worker_lock_timeout",
        ),
        (
            RuntimeOptions {
                max_attempts: 0,
                ..Default::default()
            },
            "max_attempts",
        ),
        (
            RuntimeOptions {
                worker_concurrency: usize::MAX,
                ..Default::default()
            },
            "worker_concurrency",
        ),
        (
            RuntimeOptions {
                worker_tag_filter: TagFilter::tags([] as [&str; 0]),
                ..Default::default()
            },
            "worker_tag_filter",
        ),
        (
            RuntimeOptions {
                session_idle_timeout: Duration::from_secs(1),
                ..Default::default()
            },
            "session_idle_timeout",
        ),
    ];
    for (options, named) in bad {
        let store = stores().remove(0);
        let builder = Runtime::builder().store(store).options(options);
        let error = builder.start().await.unwrap_err();
        let StartError::Options(invalid) = &error else {
            panic!("{error}")
        };
        assert_eq!(invalid.option, named);
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_the_default_of_that_option_holds_and_the_log_says_so() {
    let log = log();
    let program = program(|ctx, _| async move { ctx.schedule_activity("echo", "x").await });
    for store in stores() {
        let options = RuntimeOptions {
            worker_lock_timeout: Duration::ZERO,
            orchestrator_lock_timeout: Duration::from_nanos(1),
            turn_timeout: Duration::ZERO,
            turn_threads: 0,
            max_attempts: 0,
            worker_node_id: Some(String::new()),
            ..Default::default()
        };
        let world = World::start(store, &program, options).await;
        assert_eq!(world.output("a", "main", "").await, "x");
        world.stop().await;
    }
    for option in ["worker_lock_timeout", "turn_threads", "worker_node_id"] {
        let said = log.lines("duroxide::runtime", |line| {
            line.message.contains("its default holds") && line.fields.contains(option)
        });
        assert!(!said.is_empty(), "{option}");
    }
}
