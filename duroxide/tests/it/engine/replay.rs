//! A history replays: at once, in pages, from every boundary; and goes on the same.

use std::time::Duration;

use duroxide::history::Event;
use duroxide::{join_all, join2};

use crate::support::{Program, message_boundaries};

/// Three activities one after another, with a timer in between.
fn chain() -> Program {
    Program::new(|ctx| async move {
        let a = ctx.schedule_activity("a", "0").await?;
        ctx.schedule_timer(Duration::from_secs(1)).await;
        let b = ctx.schedule_activity("b", a).await?;
        let (c, ()) = join2(
            ctx.schedule_activity("c", b),
            ctx.schedule_timer(Duration::from_millis(5)),
        )
        .await;
        c
    })
}

fn chain_history() -> Vec<Event> {
    let mut live = chain().start();
    live.complete(2, "one");
    live.fire(4);
    live.complete(6, "two");
    live.fire(9);
    live.complete(8, "three");
    live.check();
    live.history
}

#[test]
fn a_chain_reads_in_the_history_as_it_happened() {
    let history = chain_history();
    assert_eq!(
        crate::support::lines(&history),
        [
            "1 start: ",
            "2 call a(0)",
            "3 completed 2: one",
            "4 timer 2010",
            "5 fired 4",
            "6 call b(one)",
            "7 completed 6: two",
            "8 call c(two)",
            "9 timer 1035",
            "10 fired 9",
            "11 completed 8: three",
            "12 done: three",
        ]
    );
}

#[test]
fn a_recorded_chain_replays_and_asks_for_nothing() {
    let history = chain_history();
    let execution = chain().replay(&history).unwrap();
    assert!(execution.is_ended());
    assert_eq!(execution.last_event_id().0, 12);
}

#[test]
fn pages_may_be_cut_anywhere_and_even_be_single_events() {
    let history = chain_history();
    let mut execution = chain().execution();
    for event in &history {
        execution.replay(std::slice::from_ref(event)).unwrap();
        assert_eq!(execution.last_event_id(), event.event_id);
    }
    assert!(execution.is_ended());
}

#[test]
fn an_empty_page_is_allowed() {
    let history = chain_history();
    let mut execution = chain().replay(&[]).unwrap();
    execution.replay(&history).unwrap();
    execution.replay(&[]).unwrap();
}

#[test]
fn a_live_execution_takes_events_of_another_worker() {
    let history = chain_history();
    let boundaries = message_boundaries(&history);
    let mut execution = chain().replay(&history[..boundaries[1]]).unwrap();
    for window in boundaries[1..].windows(2) {
        execution.replay(&history[window[0]..window[1]]).unwrap();
    }
    assert!(execution.is_ended());
}

#[test]
fn a_fan_out_replays_from_every_boundary() {
    let program = Program::new(|ctx| async move {
        let calls = (0..5).map(|n| ctx.schedule_activity("work", n.to_string()));
        let results: Result<Vec<_>, _> = join_all(calls).await.into_iter().collect();
        Ok(results?.join(","))
    });
    let mut live = program.start();
    for source in [4, 2, 6, 3, 5] {
        live.complete(source, &format!("r{source}"));
    }
    assert_eq!(live.lines().last().unwrap(), "12 done: r2,r3,r4,r5,r6");
    live.check();
}

#[test]
fn an_uncaught_failure_of_an_activity_ends_the_instance_with_its_words() {
    let program = Program::new(|ctx| async move { ctx.schedule_activity("a", "").await });
    let mut live = program.start();
    live.refuse(2, "no stock");
    assert_eq!(
        live.lines_from(3),
        ["3 refused 2: no stock", "4 failed: no stock"]
    );
    live.check();
}

#[test]
fn a_caught_failure_replays() {
    let program = Program::new(|ctx| async move {
        match ctx.schedule_activity("pay", "").await {
            Ok(paid) => Ok(paid),
            Err(why) => ctx.schedule_activity("undo", why).await,
        }
    });
    let mut live = program.start();
    live.refuse(2, "declined");
    live.complete(4, "undone");
    assert_eq!(
        live.lines_from(4),
        [
            "4 call undo(declined)",
            "5 completed 4: undone",
            "6 done: undone"
        ]
    );
    live.check();
}

#[test]
fn an_answer_that_comes_before_it_is_awaited_is_kept() {
    let program = Program::new(|ctx| async move {
        let early = ctx.schedule_activity("early", "");
        let late = ctx.schedule_activity("late", "").await?;
        Ok(format!("{} {late}", early.await?))
    });
    let mut live = program.start();
    live.complete(2, "e");
    live.complete(3, "l");
    assert_eq!(
        live.lines_from(4),
        ["4 completed 2: e", "5 completed 3: l", "6 done: e l"]
    );
    live.check();
}
