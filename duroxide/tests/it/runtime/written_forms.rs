//! The macro forms: `join!`, `select!`, and the logging macros.

use duroxide::{EventKind, OrchestrationContext, join, select, trace_info};

use super::log::log;
use super::world::{everywhere, program};

type Answer = Result<String, String>;

fn echo(ctx: &OrchestrationContext, text: &str) -> duroxide::DurableFuture<Answer> {
    ctx.schedule_activity("echo", text)
}

#[tokio::test(flavor = "multi_thread")]
async fn join_gives_the_outputs_in_argument_order() {
    let program = program(|ctx, _| async move {
        let e = |text: &str| echo(&ctx, text);
        let (first, second) = join!(e("1"), e("2"));
        let (third, fourth, fifth) = join!(e("3"), async { e("4").await }, e("5"),);
        let four = join!(e("a"), e("b"), e("c"), e("d"));
        let five = join!(e("a"), e("b"), e("c"), e("d"), e("e"));
        let six = join!(e("a"), e("b"), e("c"), e("d"), e("e"), e("f"));
        let seven = join!(e("a"), e("b"), e("c"), e("d"), e("e"), e("f"), e("g"));
        let mut last = e("h");
        let eight = join!(
            e("a"),
            e("b"),
            e("c"),
            e("d"),
            e("e"),
            e("f"),
            e("g"),
            &mut last
        );
        assert_eq!((four.0?, four.3?), ("a".to_owned(), "d".to_owned()));
        assert_eq!((five.0?, five.4?), ("a".to_owned(), "e".to_owned()));
        assert_eq!(
            (six.2?, six.3?, six.5?),
            ("c".to_owned(), "d".to_owned(), "f".to_owned())
        );
        assert_eq!((seven.1?, seven.6?), ("b".to_owned(), "g".to_owned()));
        assert_eq!(
            (eight.1?, eight.4?, eight.7?),
            ("b".to_owned(), "e".to_owned(), "h".to_owned())
        );
        Ok([first?, second?, third?, fourth?, fifth?].concat())
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "12345");
    })
    .await;
}

/// Of so many branches that one wins: the only activity among waits that never end.
async fn winner(ctx: &OrchestrationContext, branches: usize, place: usize) -> usize {
    let run = |here: usize| async move {
        if here == place {
            let _ = echo(ctx, "x").await;
        } else {
            ctx.schedule_timer(std::time::Duration::from_secs(3600))
                .await;
        }
    };
    match branches {
        2 => select! { () = run(0) => 0, () = run(1) => 1 },
        3 => select! { () = run(0) => 0, () = run(1) => { 1 } () = run(2) => 2, },
        4 => select! { () = run(0) => 0, () = run(1) => 1, () = run(2) => 2, () = run(3) => 3 },
        5 => select! {
            () = run(0) => 0, () = run(1) => 1, () = run(2) => 2, () = run(3) => 3,
            () = run(4) => 4,
        },
        6 => select! {
            () = run(0) => 0, () = run(1) => 1, () = run(2) => 2, () = run(3) => 3,
            () = run(4) => 4, () = run(5) => 5,
        },
        7 => select! {
            () = run(0) => 0, () = run(1) => 1, () = run(2) => 2, () = run(3) => 3,
            () = run(4) => 4, () = run(5) => 5, () = run(6) => 6,
        },
        _ => select! {
            () = run(0) => 0, () = run(1) => 1, () = run(2) => 2, () = run(3) => 3,
            () = run(4) => 4, () = run(5) => 5, () = run(6) => 6, () = run(7) => 7,
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn select_runs_the_branch_that_won_at_every_place() {
    let program = program(|ctx, _| async move {
        let mut races = 0;
        for branches in 2..=8 {
            for place in 0..branches {
                assert_eq!(winner(&ctx, branches, place).await, place);
                races += 1;
            }
        }
        Ok(races.to_string())
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "35");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_of_a_select_may_await_return_and_break() {
    let program = program(|ctx, _| async move {
        let hour = std::time::Duration::from_secs(3600);
        let mut rounds = 0;
        let mut alarm = ctx.schedule_timer(hour);
        loop {
            select! {
                text = echo(&ctx, "again") => {
                    rounds += 1;
                    echo(&ctx, &text?).await?;
                    if rounds == 3 {
                        break;
                    }
                }
                () = &mut alarm => return Err("too late".to_owned()),
            }
        }
        Ok(rounds.to_string())
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "3");
        // The alarm was borrowed: it was created once, and cancelled at the end.
        let history = world.history("a", 1).await;
        let count = |wanted: fn(&EventKind) -> bool| {
            history.iter().filter(|event| wanted(&event.kind)).count()
        };
        assert_eq!(
            count(|kind| matches!(kind, EventKind::TimerCreated { .. })),
            1
        );
        assert_eq!(
            count(|kind| matches!(kind, EventKind::TimerCancelled { .. })),
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_line_of_an_orchestration_is_written_once() {
    let log = log();
    let program = program(|ctx, input| async move {
        for step in 0..5 {
            trace_info!(ctx, "{input}: step {step}");
            echo(&ctx, "x").await?;
        }
        Ok(String::new())
    });
    let runs = std::sync::atomic::AtomicUsize::new(0);
    everywhere(program, async |world| {
        let run = runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let id = format!("logged-once-{run}");
        world.output(&id, "main", &id).await;
        let expected: Vec<String> = (0..5).map(|step| format!("{id}: step {step}")).collect();
        let prefix = format!("{id}: ");
        let lines = log.lines("duroxide::orchestration", |line| {
            line.message.starts_with(&prefix)
        });
        let messages: Vec<String> = lines.iter().map(|line| line.message.clone()).collect();
        assert_eq!(messages, expected);
        assert!(
            lines[0].fields.contains(&format!("instance_id={id:?}")),
            "{lines:?}"
        );
    })
    .await;
}
