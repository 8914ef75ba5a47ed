//! From one execution to the next.

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::TokioEnv;
use duroxide::history::InstanceId;
use duroxide::provider::Provider as _;
use duroxide::provider::model::ModelProvider;
use duroxide::runtime::UnregisteredBackoffConfig;
use duroxide::{ErrorDetails, EventKind, OrchestrationRegistry, RuntimeOptions};

use super::world::{Program, World, echo, eventually, everywhere, failed, program};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_goes_through_many_executions() {
    let program = program(|ctx, input| async move {
        let count: u32 = input.parse().map_err(|_| "no number".to_owned())?;
        let next = ctx
            .schedule_activity("echo", (count + 1).to_string())
            .await?;
        if count == 50 {
            return Ok(format!("{} executions", ctx.execution_id()));
        }
        ctx.continue_as_new(next).await
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "1").await, "50 executions");
        let first = world.history("a", 1).await;
        let last = first.last().unwrap();
        assert!(
            matches!(last.kind, EventKind::OrchestrationContinuedAsNew { .. }),
            "{last:?}"
        );
        assert_eq!(world.history("a", 50).await.len(), 4);
        assert!(world.history("a", 51).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_execution_may_be_another_version() {
    let orchestrations = OrchestrationRegistry::builder()
        .register_versioned("main", "1.0.0", |ctx, _| async move {
            ctx.continue_as_new_versioned("2.0.0", "from 1").await
        })
        .register_versioned("main", "2.0.0", |ctx, input| async move {
            if ctx.execution_id() == 2 {
                // By name: the highest version takes over.
                return ctx
                    .continue_as_new(format!("{input}, from {}", ctx.orchestration_version()))
                    .await;
            }
            Ok(format!("{input}, now {}", ctx.orchestration_version()))
        })
        .register_versioned("main", "2.1.0", |ctx, input| async move {
            Ok(format!("{input}, now {}", ctx.orchestration_version()))
        })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    everywhere(program, async |world| {
        let start = world
            .client
            .start_orchestration_versioned("a", "main", "1.0.0", "");
        start.await.unwrap();
        let output = super::world::completed(world.end("a").await);
        assert_eq!(output, "from 1, from 2.0.0, now 2.1.0");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_random_values_differ_from_execution_to_execution() {
    let program = program(|ctx, input| async move {
        let here = format!("{input} {}/{}", ctx.new_guid(), ctx.random::<u64>());
        ctx.schedule_activity("echo", "").await?;
        if ctx.execution_id() == 3 {
            return Ok(here);
        }
        ctx.continue_as_new(here).await
    });
    everywhere(program, async |world| {
        let (a, b) = (
            world.output("a", "main", "").await,
            world.output("b", "main", "").await,
        );
        let mut all: Vec<&str> = a.split([' ', '/']).chain(b.split([' ', '/'])).collect();
        all.retain(|text| !text.is_empty());
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((count, all.len()), (12, 12));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_down_stays_when_the_start_of_the_next_cannot_be_read() {
    let model = ModelProvider::new(Arc::new(TokioEnv::new()));
    // Nobody here has the version that is to go on, so its start stays in the inbox.
    let orchestrations = OrchestrationRegistry::builder()
        .register_versioned("main", "1.0.0", |ctx, _| async move {
            ctx.set_custom_status("half");
            ctx.set_kv_value("key", "value");
            ctx.continue_as_new_versioned("2.0.0", "").await
        })
        .build();
    let program = Program {
        activities: echo(),
        orchestrations,
    };
    let options = RuntimeOptions {
        unregistered_backoff: UnregisteredBackoffConfig {
            base_delay: Duration::from_millis(1),
            max_delay: Duration::from_millis(5),
        },
        max_attempts: u32::MAX,
        ..RuntimeOptions::default()
    };
    let world = World::start(Arc::new(model.clone()), &program, options).await;
    let started = world.client.start_orchestration("a", "main", "").await;
    started.unwrap();
    let id = InstanceId::new("a").unwrap();
    eventually(async || {
        let status = model.status(&id).await.unwrap();
        status.is_some_and(|status| status.execution_id.0 == 2)
    })
    .await;
    assert!(model.corrupt_message(&id));
    let details = failed(world.end("a").await);
    assert!(matches!(details, ErrorDetails::Poison { .. }), "{details}");
    let history = world.history("a", 2).await;
    let EventKind::OrchestrationStarted {
        custom_status, kv, ..
    } = &history[0].kind
    else {
        panic!("{history:?}");
    };
    assert_eq!(custom_status.as_deref(), Some("half"));
    assert_eq!(kv.len(), 1, "{kv:?}");
    model.check_invariants().unwrap();
    world.stop().await;
}
