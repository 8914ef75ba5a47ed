//! `join!` and `select!` over many futures of many types.

use duroxide::engine::Outcome;
use duroxide::{DurableFuture, OrchestrationContext, join, select};

use crate::support::{Live, Program, line};

fn call(ctx: &OrchestrationContext, name: &str) -> DurableFuture<Result<String, String>> {
    ctx.schedule_activity(name, "")
}

fn line_of(live: &Live, event: u64) -> String {
    let event = live.history.iter().find(|it| it.event_id.0 == event);
    line(event.unwrap())
}

fn ten() -> Program {
    async fn code(ctx: OrchestrationContext) -> Result<String, String> {
        let ctx = &ctx;
        let mut kept = call(ctx, "kept");
        let winner: String = select! {
            a = call(ctx, "a") => format!("a {}", a?),
            b = call(ctx, "b").map(|it| it.map(|text| text.len())) => format!("b {}", b?),
            c = ctx.dequeue_event("q") => return Ok(c),
            d = ctx.schedule_wait("e") => { format!("d {d}") }
            () = ctx.schedule_timer(std::time::Duration::from_secs(1)) => "e".to_owned(),
            f = async { call(ctx, "f").await } => format!("f {}", f?),
            kept = &mut kept => format!("g {}", kept?),
            (h, ()) = async { (call(ctx, "h").await, ()) } => format!("h {}", h?),
            i = call(ctx, "i") => format!("i {}", i?),
            j = call(ctx, "j") => { call(ctx, "after").await?; format!("j {}", j?) }
        };
        drop(kept);
        Ok(winner)
    }
    Program::new(code)
}

#[test]
fn a_race_of_ten_is_won_at_every_place() {
    let start = ten().start();
    let lines = start.lines();
    let place = |what: &str| {
        let found = lines.iter().find(|line| line.contains(what)).unwrap();
        found.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    for (name, output) in [
        ("call a(", "a x"),
        ("call b(", "b 1"),
        ("call f(", "f x"),
        ("call kept(", "g x"),
        ("call h(", "h x"),
        ("call i(", "i x"),
    ] {
        let mut live = ten().start();
        live.complete(place(name), "x");
        assert_eq!(live.outcome, Outcome::Completed(output.to_owned()));
        // Each loser is cancelled, once.
        let cancelled = live
            .lines()
            .into_iter()
            .filter(|line| line.contains(": dropped_future"));
        assert_eq!(cancelled.count(), 9);
        live.check();
    }
    let mut live = ten().start();
    live.fire(place("timer "));
    assert_eq!(live.outcome, Outcome::Completed("e".to_owned()));
    let mut live = ten().start();
    live.send(crate::support::queued("q", "x"));
    assert_eq!(live.outcome, Outcome::Completed("x".to_owned()));
    let mut live = ten().start();
    live.send(crate::support::raised("e", "x"));
    assert_eq!(live.outcome, Outcome::Completed("d x".to_owned()));
    let mut live = ten().start();
    live.complete(place("call j("), "x");
    live.complete(live.last_call(), "");
    assert_eq!(live.outcome, Outcome::Completed("j x".to_owned()));
    live.check();
}

#[test]
#[expect(clippy::many_single_char_names, reason = "ten outputs")]
fn ten_outputs_come_in_argument_order() {
    let program = Program::new(|ctx| async move {
        let ctx = &ctx;
        let (a, b, (), d, e, f, g, h, i, j) = join!(
            call(ctx, "a"),
            call(ctx, "b").map(|it| it.map(|text| text.len())),
            ctx.schedule_timer(std::time::Duration::from_secs(1)),
            async { call(ctx, "d").await },
            call(ctx, "e"),
            call(ctx, "f"),
            call(ctx, "g"),
            call(ctx, "h"),
            call(ctx, "i"),
            ctx.dequeue_event("q"),
        );
        Ok(format!(
            "{} {} {} {} {} {} {} {} {j}",
            a?, b?, d?, e?, f?, g?, h?, i?
        ))
    });
    let mut live = program.start();
    live.send(crate::support::queued("q", "end"));
    for source in (2..12).rev() {
        match line_of(&live, source).split(' ').nth(1) {
            Some("call") => drop(live.complete(source, &source.to_string())),
            Some("timer") => drop(live.fire(source)),
            _ => {}
        }
    }
    assert_eq!(
        live.outcome,
        Outcome::Completed("2 1 11 5 6 7 8 9 end".to_owned()),
        "{:#?}",
        live.lines()
    );
    live.check();
}

#[test]
fn limited_futures_run_in_order_and_never_more_than_the_limit() {
    for limit in [0, 1, 3, 10, 99] {
        let program = Program::new(move |ctx| async move {
            let ctx = &ctx;
            // Lazy: asked for when it is first polled.
            let calls = (0..10).map(|n| async move { call(ctx, &n.to_string()).await });
            let outputs: Result<Vec<_>, _> = duroxide::join_all(calls)
                .limit(limit)
                .await
                .into_iter()
                .collect();
            Ok(outputs?.join(","))
        });
        let mut live = program.start();
        let at_once = limit.clamp(1, 10);
        let mut open: Vec<u64> = (2..2 + at_once as u64).collect();
        let mut asked = at_once;
        assert_eq!(live.history.len(), 1 + at_once);
        let mut answered = 0;
        while live.outcome == Outcome::Pending {
            // The last first: the order of the outputs does not depend on it.
            let source = open.pop().unwrap();
            let name = line_of(&live, source);
            let name = name
                .split(' ')
                .nth(2)
                .unwrap()
                .trim_end_matches("()")
                .to_owned();
            live.complete(source, &name);
            answered += 1;
            if asked < 10 {
                open.push(live.last_call());
                asked += 1;
            }
            assert!(open.len() <= at_once);
        }
        assert_eq!(answered, 10);
        assert_eq!(
            live.outcome,
            Outcome::Completed("0,1,2,3,4,5,6,7,8,9".to_owned())
        );
        live.check();
    }
}
