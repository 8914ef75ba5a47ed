//! Every way in which a child can end tells its parent, once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, ErrorDetails, EventKind, OrchestrationContext,
    OrchestrationRegistry, PoisonMessageType, RetryPolicy, RuntimeOptions, join_all,
};

use super::world::{Program, World, completed, failed, live_on_and_off, stores};

static RELEASED: AtomicBool = AtomicBool::new(false);

/// Orchestrations that end in all kinds of ways, and a parent that says how its child did.
fn program() -> Program {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "main",
            |ctx: OrchestrationContext, child: String| async move {
                let called = ctx.schedule_sub_orchestration_with_id(child, "child", "");
                let told = called
                    .await
                    .unwrap_or_else(|error| format!("error: {error}"));
                // Whatever might come twice, comes before this.
                ctx.schedule_wait("go").await;
                Ok(told)
            },
        )
        .register("completes", |_, _| async move { Ok("fine".to_owned()) })
        .register("fails", |_, _| async move { Err("on purpose".to_owned()) })
        .register(
            "panics",
            |_, _: String| async move { panic!("lost my mind") },
        )
        .register("waits", |ctx, _| async move {
            Ok(ctx.schedule_wait("never").await)
        })
        .register("foreign", |_, _| async move {
            std::future::pending::<()>().await;
            Ok(String::new())
        })
        .register("stuck", |_, _| async move {
            while !RELEASED.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            Ok("too late".to_owned())
        })
        .register("too_large", |_, _| async move { Ok("x".repeat(2 << 20)) })
        .register("large_value", |ctx: OrchestrationContext, _| async move {
            ctx.set_kv_value("k", "x".repeat(70_000));
            Ok(String::new())
        })
        .register("poisoned_call", |ctx, _| async move {
            ctx.schedule_activity("nobody_knows_it", "").await
        })
        .build();
    Program {
        activities: ActivityRegistry::builder()
            .register("echo", |_: ActivityContext, text: String| async move {
                Ok(text)
            })
            .build(),
        orchestrations,
    }
}

fn options(base: RuntimeOptions) -> RuntimeOptions {
    let mut options = RuntimeOptions {
        // Others have their turns meanwhile, and the machine may be busy.
        turn_timeout: Duration::from_secs(1),
        max_attempts: 3,
        ..base
    };
    options.unregistered_backoff.base_delay = Duration::from_millis(1);
    options
}

async fn told(world: &World, child: &str) -> String {
    let client = &world.client;
    client
        .start_orchestration("parent", "main", child)
        .await
        .unwrap();
    if child == "waits" {
        world.exists("child").await;
        world.cancel("child", "enough").await;
    }
    world.exists("child").await;
    world.end("child").await;
    client.raise_event("parent", "go", "").await.unwrap();
    let told = completed(world.end("parent").await);
    let history = world.history("parent", 1).await;
    let answers = history.iter().filter(|event| {
        matches!(
            event.kind,
            EventKind::SubOrchestrationCompleted { .. } | EventKind::SubOrchestrationFailed { .. }
        )
    });
    assert_eq!(answers.count(), 1, "{history:?}");
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn w04_every_end_of_a_child_is_told_to_its_parent_once() {
    let ends = [
        ("completes", "fine"),
        ("fails", "error: on purpose"),
        ("panics", "error: orchestration panicked: lost my mind"),
        ("waits", "error: canceled: enough"),
        ("foreign", "error: nondeterministic"),
        (
            "stuck",
            "error: infrastructure:turn: the orchestration did not come back",
        ),
        (
            "too_large",
            "error: the output of the orchestration `too_large`",
        ),
        ("large_value", "error: the value under `k` has 70000 bytes"),
        (
            "poisoned_call",
            "error: poison: the activity `nobody_knows_it`",
        ),
        (
            "nobody_knows_it_either",
            "error: poison: a message never got through",
        ),
    ];
    for (child, wanted) in ends {
        for base in live_on_and_off() {
            for store in stores() {
                let world = World::start(store, &program(), options(base.clone())).await;
                let told = told(&world, child).await;
                assert!(told.starts_with(wanted), "{child}: {told}");
                RELEASED.store(true, Ordering::Relaxed);
                world.stop().await;
                RELEASED.store(false, Ordering::Relaxed);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_does_not_fit_its_history_any_more_tells_its_parent() {
    let version = |input: &'static str| {
        let orchestrations = OrchestrationRegistry::builder()
            .register("main", |ctx: OrchestrationContext, _| async move {
                let called = ctx.schedule_sub_orchestration_with_id("child", "child", "");
                Ok(called.await.unwrap_err())
            })
            .register("child", move |ctx: OrchestrationContext, _| async move {
                ctx.schedule_activity("echo", input).await?;
                Ok(ctx.schedule_wait("go").await)
            })
            .build();
        Program {
            orchestrations,
            ..program()
        }
    };
    for base in live_on_and_off() {
        for store in stores() {
            let world = World::start(store, &version("old"), options(base.clone())).await;
            world
                .client
                .start_orchestration("parent", "main", "")
                .await
                .unwrap();
            world.exists("child").await;
            world.reach("child", 4).await;
            let world = world.redeploy(&version("new")).await;
            world.client.raise_event("child", "go", "").await.unwrap();
            let told = completed(world.end("parent").await);
            assert!(told.starts_with("nondeterministic"), "{told}");
            world.stop().await;
        }
    }
}

/// Nobody catches it on the way: what ends the parent is what ended the activity of its grandchild.
#[tokio::test(flavor = "multi_thread")]
async fn poison_that_is_passed_on_ends_every_parent_as_poison() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_sub_orchestration("child", "").await
        })
        .register("child", |ctx: OrchestrationContext, _| async move {
            ctx.schedule_sub_orchestration("grandchild", "").await
        })
        .register("grandchild", |ctx: OrchestrationContext, _| async move {
            let policy = RetryPolicy::new(2);
            let call = ctx.schedule_activity_with_retry("nobody_knows_it", "", policy);
            call.await
        })
        .register("in_a_crowd", |ctx: OrchestrationContext, _| async move {
            let calls = ["main", "child"].map(|it| ctx.schedule_sub_orchestration(it, ""));
            let answers: Result<Vec<_>, _> = join_all(calls).await.into_iter().collect();
            Ok(answers?.join(" "))
        })
        .build();
    let program = Program {
        orchestrations,
        ..program()
    };
    for base in live_on_and_off() {
        for store in stores() {
            let world = World::start(store, &program, options(base.clone())).await;
            for main in ["main", "in_a_crowd"] {
                let details = failed(world.run(main, main, "").await);
                assert!(
                    matches!(
                        &details,
                        ErrorDetails::Poison {
                            message_type: PoisonMessageType::Activity { activity_name, .. },
                            ..
                        } if activity_name == "nobody_knows_it"
                    ),
                    "{main}: {details:?}"
                );
            }
            world.stop().await;
        }
    }
}
