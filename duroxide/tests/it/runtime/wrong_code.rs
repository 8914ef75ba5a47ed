//! Code that cannot be run durably, or not any more: one instance ends with a reason, the others
//! do not notice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duroxide::{
    ActivityRegistry, AppErrorKind, ErrorDetails, EventKind, OrchestrationRegistry, RuntimeOptions,
};

use super::world::{Program, World, echo, everywhere, failed, live_on_and_off, program, stores};

fn text_of(details: &ErrorDetails) -> String {
    details.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_the_instance() {
    let program = program(|ctx, _| async move {
        ctx.schedule_activity("echo", "").await?;
        panic!("lost my mind")
    });
    everywhere(program, async |world| {
        let details = failed(world.run("a", "main", "").await);
        let ErrorDetails::Application { kind, message, .. } = details else {
            panic!("{details}")
        };
        assert_eq!(
            (kind, message.as_str()),
            (AppErrorKind::Panicked, "lost my mind")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_waits_for_the_outside_world_ends_at_once() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("tokio_sleep", |_, _| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(String::new())
        })
        .register("tokio_spawn", |_, _| async move {
            let _ = tokio::spawn(async {}).await;
            Ok(String::new())
        })
        .register("pending", |_, _| async move {
            std::future::pending::<()>().await;
            Ok(String::new())
        })
        .register("channel", |_, _| async move {
            let (tell, told) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || tell.send("x".to_owned()));
            Ok(told.await.unwrap_or_default())
        })
        .build();
    everywhere(
        Program {
            activities: echo(),
            orchestrations,
        },
        async |world| {
            for (name, expected) in [
                ("tokio_sleep", "panicked"),
                ("tokio_spawn", "panicked"),
                ("pending", "nondeterministic"),
            ] {
                let text = text_of(&failed(world.run(name, name, "").await));
                assert!(text.contains(expected), "{name}: {text}");
            }
            // The thread may be quicker than the turn: then nothing was awaited.
            assert!(world.run("channel", "channel", "").await.is_terminal());
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_code_is_refused_with_the_event_and_the_place() {
    // Only the second program has a handler for it: the answer comes when the code has changed.
    let before = program(|ctx, _| async move { ctx.schedule_activity("gate", "").await });
    let after = Program {
        activities: ActivityRegistry::builder()
            .register("gate", |_, _| async move { Ok("open".to_owned()) })
            .build(),
        ..program(|ctx, _| async move {
            ctx.schedule_timer(Duration::ZERO).await;
            Ok(String::new())
        })
    };
    for mut options in live_on_and_off() {
        options.max_attempts = 10_000;
        options.unregistered_backoff.base_delay = Duration::from_millis(5);
        options.unregistered_backoff.max_delay = Duration::from_millis(5);
        for store in stores() {
            let world = World::start(store, &before, options.clone()).await;
            world
                .client
                .start_orchestration("a", "main", "")
                .await
                .unwrap();
            world.reach("a", 2).await;
            let world = world.redeploy(&after).await;
            let details = failed(world.end("a").await);
            let text = text_of(&details);
            assert!(
                matches!(details, ErrorDetails::Configuration { .. }),
                "{details}"
            );
            for part in [
                "event 2",
                "recorded: a call of the activity `gate`",
                "replayed: a timer",
                "wrong_code.rs:",
            ] {
                assert!(text.contains(part), "`{part}` is missing in: {text}");
            }
            let history = world.history("a", 1).await;
            let kinds: Vec<&EventKind> = history.iter().map(|event| &event.kind).collect();
            assert!(
                matches!(
                    kinds[2..],
                    [
                        EventKind::ActivityCancelRequested { .. },
                        EventKind::OrchestrationFailed { .. }
                    ]
                ),
                "{kinds:?}"
            );
            // The program as such works.
            assert!(world.run("b", "main", "").await.is_terminal());
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_never_comes_to_rest_ends_with_a_reason() {
    let program = program(|ctx, _| async move {
        let mut calls = Vec::new();
        loop {
            calls.push(ctx.schedule_activity("echo", "again"));
            if calls.len() > 1_000_000 {
                return Ok(String::new());
            }
        }
    });
    for store in stores() {
        let world = World::start(store, &program, RuntimeOptions::default()).await;
        let text = text_of(&failed(world.run("a", "main", "").await));
        assert!(text.contains("asked for too many things"), "{text}");
        assert_eq!(world.history("a", 1).await.len(), 2);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_never_yields_is_left_behind_and_the_others_go_on() {
    static RELEASED: AtomicBool = AtomicBool::new(false);
    let orchestrations = OrchestrationRegistry::builder()
        .register("stuck", |_, _| async move {
            while !RELEASED.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            Ok("too late".to_owned())
        })
        .register("main", |ctx, input| async move {
            ctx.schedule_activity("echo", input).await
        })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    for store in stores() {
        let options = RuntimeOptions {
            turn_threads: 1,
            // Others have their turns meanwhile, and the machine may be busy.
            turn_timeout: Duration::from_secs(1),
            ..Default::default()
        };
        let world = World::start(store, &program, options).await;
        let details = failed(world.run("a", "stuck", "").await);
        assert!(
            details.to_string().contains("did not come back"),
            "{details}"
        );
        // There is one thread only, and it has a successor.
        assert_eq!(world.output("b", "main", "x").await, "x");
        RELEASED.store(true, Ordering::Relaxed);
        world.stop().await;
        RELEASED.store(false, Ordering::Relaxed);
    }
}
