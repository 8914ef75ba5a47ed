//! Sub-orchestrations and detached instances: what they get, what they give, what happens to those
//! nobody waits for.

use duroxide::{
    ActivityRegistry, AppErrorKind, ErrorDetails, EventKind, OrchestrationContext,
    OrchestrationRegistry, OrchestrationStatus, RuntimeOptions, join_all, select2,
};

use super::world::{Program, World, completed, echo, everywhere, failed, stores};

/// `waits` waits for ever, `echoes` returns what it gets.
fn with_children(orchestrations: duroxide::registry::OrchestrationRegistryBuilder) -> Program {
    let orchestrations = orchestrations
        .register("waits", |ctx: OrchestrationContext, _| async move {
            Ok(ctx.schedule_wait("never").await)
        })
        .register("echoes", |ctx: OrchestrationContext, input| async move {
            ctx.schedule_activity("echo", input).await
        })
        .build();
    Program {
        activities: echo(),
        orchestrations,
    }
}

fn cancelled_with(status: OrchestrationStatus) -> String {
    match failed(status) {
        ErrorDetails::Application {
            kind: AppErrorKind::Cancelled { reason },
            ..
        } => reason,
        other => panic!("unexpected: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_gets_what_its_children_return_in_the_order_of_its_calls() {
    let orchestrations = OrchestrationRegistry::builder().register("main", |ctx, _| async move {
        let calls = (0..20).map(|n| ctx.schedule_sub_orchestration("echoes", n.to_string()));
        let outputs: Result<Vec<_>, _> = join_all(calls).await.into_iter().collect();
        Ok(outputs?.join(" "))
    });
    everywhere(with_children(orchestrations), async |world| {
        let wanted: Vec<_> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(world.output("a", "main", "").await, wanted.join(" "));
        // Ids follow from the event that asked; each child knows its parent.
        let child = world.history("a::sub::2", 1).await;
        let EventKind::OrchestrationStarted { parent, .. } = &child[0].kind else {
            panic!("{child:?}")
        };
        let parent = parent.as_ref().unwrap();
        assert_eq!((parent.instance.as_str(), parent.source.0), ("a", 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_children_have_seeds_and_ids_of_their_own() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("guid", |ctx: OrchestrationContext, _| async move {
            Ok(ctx.new_guid().to_string())
        })
        .register("nested", |ctx, depth: String| async move {
            let deeper = depth.parse::<u32>().unwrap() - 1;
            if deeper == 0 {
                return Ok(ctx.instance_id());
            }
            ctx.schedule_sub_orchestration("nested", deeper.to_string())
                .await
        })
        .register("main", |ctx, _| async move {
            let first = ctx.schedule_sub_orchestration("guid", "");
            let second = ctx.schedule_sub_orchestration("guid", "");
            let (first, second) = (first.await?, second.await?);
            assert_ne!(first, second);
            ctx.schedule_sub_orchestration("nested", "3").await
        });
    everywhere(with_children(orchestrations), async |world| {
        let id = world.output("a", "main", "").await;
        assert!(
            id.starts_with("a::sub::") && id.ends_with("::sub::2::sub::2"),
            "{id}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_parent_takes_its_children_and_theirs_along() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("middle", |ctx, _| async move {
            ctx.schedule_sub_orchestration_with_id("waits", "leaf", "")
                .await
        })
        .register("main", |ctx, _| async move {
            ctx.schedule_sub_orchestration_with_id("middle", "middle", "")
                .await
        });
    everywhere(with_children(orchestrations), async |world| {
        world
            .client
            .start_orchestration("root", "main", "")
            .await
            .unwrap();
        world.exists("leaf").await;
        world.reach("leaf", 2).await;
        world.cancel("root", "enough").await;
        assert_eq!(cancelled_with(world.end("root").await), "enough");
        assert_eq!(cancelled_with(world.end("middle").await), "parent canceled");
        assert_eq!(cancelled_with(world.end("leaf").await), "parent canceled");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_lost_its_race_is_cancelled_and_its_end_ignored() {
    let orchestrations = OrchestrationRegistry::builder().register("main", |ctx, _| async move {
        let slow = ctx.schedule_sub_orchestration_with_id("waits", "slow", "");
        let quick = ctx.schedule_sub_orchestration("echoes", "quick");
        let (_, output) = select2(slow, quick).await.into_tuple();
        // The end of the loser comes while the parent still runs.
        ctx.schedule_wait("go").await;
        output
    });
    everywhere(with_children(orchestrations), async |world| {
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        world.exists("slow").await;
        let reason = cancelled_with(world.end("slow").await);
        assert_eq!(reason, "parent dropped sub-orchestration future");
        world.client.raise_event("a", "go", "").await.unwrap();
        assert_eq!(completed(world.end("a").await), "quick");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w02_a_child_scheduled_and_dropped_in_one_turn_never_starts_and_harms_nobody() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("drops", |ctx, _| async move {
            drop(ctx.schedule_sub_orchestration_with_id("echoes", "never-1", ""));
            ctx.schedule_activity("echo", "went on").await
        })
        .register("ends", |ctx, _| async move {
            let _unfinished = ctx.schedule_sub_orchestration_with_id("echoes", "never-2", "");
            Ok("ended".to_owned())
        });
    everywhere(with_children(orchestrations), async |world| {
        assert_eq!(world.output("a", "drops", "").await, "went on");
        assert_eq!(world.output("b", "ends", "").await, "ended");
        assert_eq!(world.output("c", "echoes", "fresh").await, "fresh");
        for id in ["never-1", "never-2"] {
            assert_eq!(world.status(id).await, OrchestrationStatus::NotFound);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w11_a_detached_start_is_done_with_whatever_its_turn_comes_to() {
    let orchestrations =
        OrchestrationRegistry::builder().register("main", |ctx, how: String| async move {
            ctx.schedule_orchestration("echoes", format!("by-{how}"), "on its own");
            match how.as_str() {
                "waiting" => ctx.schedule_activity("echo", "").await,
                "completing" => Ok(String::new()),
                "failing" => Err("on purpose".to_owned()),
                _ => ctx.continue_as_new("completing").await,
            }
        });
    everywhere(with_children(orchestrations), async |world| {
        for how in ["waiting", "completing", "failing", "going-on"] {
            let starter = format!("starts-{how}");
            world.run(&starter, "main", how).await;
            let target = format!("by-{how}");
            world.exists(&target).await;
            assert_eq!(completed(world.end(&target).await), "on its own");
            let history = world.history(&target, 1).await;
            assert!(
                matches!(
                    &history[0].kind,
                    EventKind::OrchestrationStarted { parent: None, .. }
                ),
                "{history:?}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_instance_goes_on_when_its_starter_ends() {
    let orchestrations = OrchestrationRegistry::builder().register("main", |ctx, _| async move {
        ctx.schedule_orchestration("waits", "free", "");
        // A taken id is no error of the starter: nobody waits for it.
        ctx.schedule_orchestration("echoes", "free", "");
        Ok(String::new())
    });
    everywhere(with_children(orchestrations), async |world| {
        world.run("a", "main", "").await;
        world.exists("free").await;
        world
            .client
            .raise_event("free", "never", "after all")
            .await
            .unwrap();
        assert_eq!(completed(world.end("free").await), "after all");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w07_continue_as_new_cancels_the_children_that_are_open() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, round: String| async move {
            if round == "2" {
                return Ok("second".to_owned());
            }
            let child = ctx.schedule_sub_orchestration_with_id("waits", "left-behind", "");
            ctx.schedule_wait("next").await;
            drop(ctx.continue_as_new("2"));
            child.await
        },
    );
    everywhere(with_children(orchestrations), async |world| {
        world
            .client
            .start_orchestration("a", "main", "1")
            .await
            .unwrap();
        world.exists("left-behind").await;
        world.client.raise_event("a", "next", "").await.unwrap();
        assert_eq!(completed(world.end("a").await), "second");
        let reason = cancelled_with(world.end("left-behind").await);
        assert!(reason.starts_with("parent "), "{reason}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_continues_as_new_still_answers_its_parent() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "rounds",
            |ctx: OrchestrationContext, round: String| async move {
                if round == "3" {
                    return Ok(format!("{} in execution {}", round, ctx.execution_id()));
                }
                let next = round.parse::<u32>().unwrap() + 1;
                ctx.continue_as_new(next.to_string()).await
            },
        )
        .register("main", |ctx, _| async move {
            ctx.schedule_sub_orchestration("rounds", "1").await
        });
    everywhere(with_children(orchestrations), async |world| {
        let output = world.output("a", "main", "").await;
        assert_eq!(output, "3 in execution 3");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_taken_is_an_error_of_the_call_and_spares_whoever_has_it() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("calls", |ctx, id: String| async move {
            let called = ctx
                .schedule_sub_orchestration_with_id("echoes", id, "x")
                .await;
            Ok(called.unwrap_err())
        })
        .register("races", |ctx: OrchestrationContext, _| async move {
            let call = ctx.schedule_sub_orchestration_with_id("echoes", "stranger", "x");
            let go = ctx.schedule_wait("go");
            // The refusal is on its way, or here, when the call is dropped.
            select2(go, call).await;
            Ok("raced".to_owned())
        });
    everywhere(with_children(orchestrations), async |world| {
        let client = &world.client;
        client
            .start_orchestration("stranger", "waits", "")
            .await
            .unwrap();
        world.run("ended", "echoes", "").await;
        for taken in ["stranger", "ended", "itself"] {
            let caller = if taken == "itself" {
                "itself"
            } else {
                &format!("calls-{taken}")
            };
            let error = world.output(caller, "calls", taken).await;
            let wanted = format!("sub-orchestration instance id `{taken}` already exists");
            assert_eq!(error, wanted);
        }
        client
            .start_orchestration("racing", "races", "")
            .await
            .unwrap();
        client.raise_event("racing", "go", "").await.unwrap();
        assert_eq!(completed(world.end("racing").await), "raced");
        // Nobody cancelled the instance that only has the id.
        client
            .raise_event("stranger", "never", "alive")
            .await
            .unwrap();
        assert_eq!(completed(world.end("stranger").await), "alive");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_cancelled_while_a_call_collides_spares_the_stranger() {
    let orchestrations = OrchestrationRegistry::builder().register("main", |ctx, _| async move {
        ctx.schedule_sub_orchestration_with_id("echoes", "stranger", "x")
            .await
    });
    let program = with_children(orchestrations);
    for store in stores() {
        // Nobody runs yet: the start, the cancellation and the refusal meet in the inbox.
        let nobody = RuntimeOptions {
            orchestration_concurrency: 0,
            ..Default::default()
        };
        let idle = World::start(store.clone(), &program, nobody).await;
        idle.client
            .start_orchestration("stranger", "waits", "")
            .await
            .unwrap();
        idle.client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        idle.cancel("a", "enough").await;
        idle.stop().await;
        let world = World::start(store, &program, RuntimeOptions::default()).await;
        failed(world.end("a").await);
        world
            .client
            .raise_event("stranger", "never", "alive")
            .await
            .unwrap();
        assert_eq!(completed(world.end("stranger").await), "alive");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_of_a_certain_version_runs_in_that() {
    let version =
        |ctx: OrchestrationContext, _: String| async move { Ok(ctx.orchestration_version()) };
    let orchestrations = OrchestrationRegistry::builder()
        .register_versioned("child", "1.0.0", version)
        .register_versioned("child", "2.0.0", version)
        .register("main", |ctx, _| async move {
            let call = |version: Option<&str>| {
                let version = version.map(str::to_owned);
                ctx.schedule_sub_orchestration_versioned("child", version, "")
            };
            let (old, new) = (call(Some("1.0.0")).await?, call(None).await?);
            Ok(format!("{old} {new}"))
        });
    everywhere(with_children(orchestrations), async |world| {
        assert_eq!(world.output("a", "main", "").await, "1.0.0 2.0.0");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_executions_are_kept() {
    let orchestrations = OrchestrationRegistry::builder().register(
        "main",
        |ctx: OrchestrationContext, round: String| async move {
            ctx.set_kv_value("round", round.as_str());
            let next = round.parse::<u32>().unwrap() + 1;
            if next > 6 {
                return Ok(ctx.get_kv_value("round").unwrap_or_default());
            }
            ctx.continue_as_new(next.to_string()).await
        },
    );
    let program = Program {
        activities: ActivityRegistry::builder().build(),
        orchestrations: orchestrations.build(),
    };
    for (kept, oldest) in [
        (None, 1),
        (Some(2), 5),
        (Some(1), 6),
        (Some(0), 6),
        (Some(9), 1),
    ] {
        for store in stores() {
            let options = RuntimeOptions {
                keep_executions: kept,
                ..Default::default()
            };
            let world = World::start(store, &program, options).await;
            assert_eq!(world.output("a", "main", "1").await, "6");
            for execution in 1..=6 {
                let is_kept = !world.history("a", execution).await.is_empty();
                assert_eq!(
                    is_kept,
                    execution >= oldest,
                    "execution {execution}, {kept:?}"
                );
            }
            world.stop().await;
        }
    }
}
