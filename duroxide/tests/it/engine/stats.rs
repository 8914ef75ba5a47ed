//! How large an instance is, as its code sees it: a function of the history.

use duroxide::engine::Outcome;
use duroxide::history::Message;

use crate::support::{Program, at, queued};

#[test]
fn the_numbers_follow_from_the_history_up_to_the_message_under_way() {
    let program = Program::new(|ctx| async move {
        let stats = |ctx: &duroxide::OrchestrationContext| {
            let stats = ctx.get_system_stats().unwrap();
            format!(
                "{} {} {} {} {}",
                stats.history_event_count,
                stats.history_size_bytes,
                stats.queue_pending_count,
                stats.kv_user_key_count,
                stats.kv_total_value_bytes
            )
        };
        let first = stats(&ctx);
        ctx.set_kv_value("k", "value");
        let unread = ctx.dequeue_event("q");
        ctx.schedule_activity("a", "").await?;
        let second = stats(&ctx);
        drop(unread.await);
        let third = stats(&ctx);
        Ok(format!("{first}, {second}, {third}"))
    });
    let mut live = program.start();
    // One that the open request has, one that nobody has.
    live.send_all([queued("q", "1"), queued("q", "2")]);
    live.complete(4, "res");
    // `test` and its version; then `k`, `value`, `q`, `a`, twice a queue and a message, `res`.
    let start = "test1.0.0".len();
    let later = start + 6 + 1 + 1 + 2 + 2 + 3;
    assert_eq!(
        live.outcome,
        Outcome::Completed(format!("1 {start} 0 0 0, 7 {later} 2 1 5, 7 {later} 1 1 5"))
    );
    live.check();
}

#[test]
fn what_was_handed_down_counts() {
    let program = Program::with_input(|ctx, input| async move {
        if input.is_empty() {
            ctx.set_kv_value("k", "12345");
            ctx.schedule_activity("a", "").await?;
            return ctx.continue_as_new("again").await;
        }
        let stats = ctx.get_system_stats().unwrap();
        Ok(format!(
            "{} {} {}",
            stats.history_event_count, stats.queue_pending_count, stats.kv_total_value_bytes
        ))
    });
    let mut live = program.start();
    live.send(queued("q", "1"));
    live.complete(3, "");
    let (start, mut execution) = live.successor();
    let turn = duroxide::engine::run_turn(&mut execution, [(Message::Start(start), at(9_000))]);
    assert_eq!(turn.outcome, Outcome::Completed("1 1 5".to_owned()));
}
