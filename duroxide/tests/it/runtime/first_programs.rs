//! The programs of the documentation, and the shapes that everybody writes first.

use std::time::Duration;

use duroxide::runtime::Runtime;
use duroxide::{
    ActivityContext, ActivityRegistry, Client, EventKind, OrchestrationContext,
    OrchestrationRegistry, OrchestrationStatus, join_all, join2, select2,
};

use super::world::{everywhere, program, stores};

#[tokio::test(flavor = "multi_thread")]
async fn the_dynamic_program_runs_as_it_is_documented() {
    for store in stores() {
        let activities = ActivityRegistry::builder()
            .register("Hello", |_ctx: ActivityContext, name: String| async move {
                Ok(format!("Hello, {name}!"))
            })
            .build();
        let orchestrations = OrchestrationRegistry::builder()
            .register(
                "HelloWorld",
                |ctx: OrchestrationContext, name: String| async move {
                    let greeting = ctx.schedule_activity("Hello", name).await?;
                    Ok(greeting)
                },
            )
            .build();
        let rt = Runtime::start_with_store(store.clone(), activities, orchestrations).await;
        let client = Client::new(store);
        client
            .start_orchestration("inst-1", "HelloWorld", "Rust")
            .await
            .unwrap();
        match client
            .wait_for_orchestration("inst-1", Duration::from_secs(5))
            .await
            .unwrap()
        {
            OrchestrationStatus::Completed { output, .. } => assert_eq!(output, "Hello, Rust!"),
            other => panic!("unexpected: {other:?}"),
        }
        rt.shutdown(None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_in_sequence_see_each_others_results() {
    let program = program(|ctx, input| async move {
        let mut text = input;
        for number in 0..20 {
            text = ctx
                .schedule_activity("echo", format!("{text}{number}"))
                .await?;
        }
        Ok(text)
    });
    everywhere(program, async |world| {
        let output = world.output("a", "main", ">").await;
        assert_eq!(output, ">012345678910111213141516171819");
        let history = world.history("a", 1).await;
        assert_eq!(history.len(), 1 + 2 * 20 + 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_keeps_its_order() {
    let program = program(|ctx, count| async move {
        let count: u32 = count.parse().map_err(|_| "no number".to_owned())?;
        let calls = (0..count).map(|number| ctx.schedule_activity("echo", number.to_string()));
        let outputs: Result<Vec<String>, String> = join_all(calls).await.into_iter().collect();
        Ok(outputs?.join(","))
    });
    everywhere(program, async |world| {
        let expected: Vec<String> = (0..300).map(|number| number.to_string()).collect();
        assert_eq!(world.output("a", "main", "300").await, expected.join(","));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_instances_run_side_by_side() {
    let program = program(|ctx, input| async move {
        let (left, right) = join2(
            ctx.schedule_activity("echo", format!("{input}l")),
            ctx.schedule_activity("echo", format!("{input}r")),
        )
        .await;
        Ok(format!("{}{}", left?, right?))
    });
    everywhere(program, async |world| {
        let runs = (0..100).map(|n| async move {
            let output = world
                .output(&format!("i-{n}"), "main", &n.to_string())
                .await;
            assert_eq!(output, format!("{n}l{n}r"));
        });
        join_all(runs).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loser_of_a_race_is_cancelled_and_costs_nothing_afterwards() {
    let program = program(|ctx, _| async move {
        let quick = ctx.schedule_activity("echo", "quick");
        let never = ctx.schedule_timer(Duration::from_secs(3600));
        let winner = select2(quick, never).await;
        assert!(winner.is_first());
        Ok("done".to_owned())
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "done");
        let kinds: Vec<EventKind> = world
            .history("a", 1)
            .await
            .into_iter()
            .map(|event| event.kind)
            .collect();
        let cancelled = kinds
            .iter()
            .filter(|k| matches!(k, EventKind::TimerCancelled { .. }));
        assert_eq!(cancelled.count(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orchestration_without_a_durable_call_ends_in_its_first_turn() {
    let program = program(|_, input| async move { Ok(input) });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "x").await, "x");
        assert_eq!(world.history("a", 1).await.len(), 2);
    })
    .await;
}
