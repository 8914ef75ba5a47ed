//! What the engine does with a history: rows 32, 38 to 41, 46, 57, 67.

use std::time::Duration;

use duroxide::engine::actions_of;
use duroxide::history::{Action, EventKind, Message};
use duroxide::{OrchestrationContext, select_all};

use crate::support::{Program, queued, raised};

#[test]
fn w32_what_is_pruned_follows_from_recorded_times() {
    let program = Program::new(|ctx| async move {
        ctx.set_kv_value("old", "1");
        ctx.schedule_wait("go").await;
        ctx.set_kv_value("new", "2");
        let now = duroxide::time::Timestamp::from(ctx.now()).as_millis();
        let pruned = ctx.prune_kv_values_updated_before(now);
        Ok(format!("{pruned} {:?}", ctx.get_kv_all_keys()))
    });
    let mut live = program.start();
    live.send(raised("go", ""));
    assert!(live.lines().last().unwrap().ends_with(r#"done: 1 ["new"]"#));
    // Replayed from every point, by a clock that is never asked.
    live.check();
}

#[test]
fn w38_every_message_is_read_once_whoever_gives_up() {
    for dropped in [0, 1, 2] {
        let program = Program::new(move |ctx| async move {
            let mut asked: Vec<_> = (0..3).map(|_| Some(ctx.dequeue_event("q"))).collect();
            ctx.schedule_wait("go").await;
            asked[dropped] = None;
            let mut read = Vec::new();
            for request in asked.into_iter().flatten() {
                read.push(request.await);
            }
            read.push(ctx.dequeue_event("q").await);
            Ok(read.join(""))
        });
        for early in 0..=3 {
            let mut live = program.start();
            let mut names = ["a", "b", "c"].into_iter();
            for name in names.by_ref().take(early) {
                live.send(queued("q", name));
            }
            live.send(raised("go", ""));
            for name in names {
                live.send(queued("q", name));
            }
            let last = live.lines().last().unwrap().clone();
            let mut read: Vec<char> = last.rsplit(' ').next().unwrap().chars().collect();
            read.sort_unstable();
            assert_eq!(
                read,
                ['a', 'b', 'c'],
                "{dropped} dropped, {early} early: {last}"
            );
            live.check();
        }
    }
}

#[test]
fn w39_ten_thousand_unread_messages_go_on_to_the_next_execution() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_wait("go").await;
        ctx.continue_as_new("").await
    });
    let mut live = program.start();
    live.send_all((0..10_000).map(|n| queued("q", &n.to_string())));
    live.send(raised("go", ""));
    let next = live.execution.next_start(String::new(), None);
    assert_eq!(next.carried.len(), 10_000);
    assert_eq!(next.carried[9_999], ("q".to_owned(), "9999".to_owned()));
}

/// The history of `first` does not replay with `second`.
fn differ<A, B>(
    first: impl Fn(OrchestrationContext) -> A + Send + Sync + 'static,
    second: impl Fn(OrchestrationContext) -> B + Send + Sync + 'static,
) where
    A: Future<Output = Result<String, String>> + Send + 'static,
    B: Future<Output = Result<String, String>> + Send + 'static,
{
    let live = Program::new(first).start();
    let refusal = Program::new(second).refusal(&live.history);
    assert_ne!(refusal.recorded, refusal.replayed);
}

async fn timer(ctx: OrchestrationContext, seconds: u64) -> Result<String, String> {
    ctx.schedule_timer(Duration::from_secs(seconds)).await;
    Ok(String::new())
}

async fn status(ctx: OrchestrationContext, text: &str) -> Result<String, String> {
    ctx.set_custom_status(text);
    Ok(ctx.schedule_wait("e").await)
}

async fn value(ctx: OrchestrationContext, text: &str) -> Result<String, String> {
    ctx.set_kv_value("k", text);
    Ok(ctx.schedule_wait("e").await)
}

async fn child(ctx: OrchestrationContext, version: &str, id: &str) -> Result<String, String> {
    let version = Some(version.to_owned());
    ctx.schedule_sub_orchestration_versioned_with_id("c", version, id, "")
        .await
}

#[test]
fn w40_each_detail_of_a_request_is_compared() {
    differ(|ctx| timer(ctx, 1), |ctx| timer(ctx, 2));
    differ(|ctx| status(ctx, "a"), |ctx| status(ctx, "b"));
    differ(|ctx| value(ctx, "a"), |ctx| value(ctx, "b"));
    differ(
        |ctx| child(ctx, "1.0.0", "a"),
        |ctx| child(ctx, "2.0.0", "a"),
    );
    differ(
        |ctx| child(ctx, "1.0.0", "a"),
        |ctx| child(ctx, "1.0.0", "b"),
    );
}

#[test]
fn w41_the_history_of_a_cancelled_turn_says_what_happened() {
    let program = Program::new(|ctx| async move {
        let call = ctx.schedule_activity("a", "");
        ctx.schedule_wait("go").await;
        let _never = ctx.schedule_activity("b", "");
        call.await
    });
    let mut live = program.start();
    let cancel = Message::CancelRequested {
        reason: "enough".to_owned(),
        terminate: false,
    };
    live.send(cancel);
    let cancelled = live.history[4..]
        .iter()
        .filter(|event| matches!(event.kind, EventKind::ActivityScheduled { .. }));
    assert_eq!(cancelled.count(), 0);
    let asked = actions_of(&live.history[3..]);
    assert!(
        matches!(asked[..], [Action::CancelActivity { .. }]),
        "{asked:?}"
    );
    live.check();
}

#[test]
fn w46_a_history_is_pinned_to_semantics_and_not_to_a_release() {
    let live = Program::new(|ctx| async move { Ok(ctx.schedule_wait("e").await) }).start();
    let json = serde_json::to_string(&live.history).unwrap();
    assert!(!json.contains("duroxide_version"));
    assert_eq!(duroxide::engine::SEMANTICS, 1);
    let EventKind::OrchestrationStarted { semantics, .. } = live.history[0].kind else {
        panic!("{:?}", live.history[0]);
    };
    assert_eq!(semantics, 1);
}

#[test]
fn w57_ten_branches_race() {
    let program = Program::new(|ctx| async move {
        let branches = (0..10).map(|n| ctx.schedule_activity("a", n.to_string()));
        let (winner, answer) = select_all(branches).await;
        Ok(format!("{winner} {}", answer?))
    });
    let mut live = program.start();
    live.complete(9, "won");
    assert!(live.lines().last().unwrap().ends_with("done: 7 won"));
    live.check();
}

#[test]
fn w67_old_histories_take_the_old_way_and_new_ones_the_new() {
    let old = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.schedule_activity("b", "").await
    });
    let new = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        if ctx.patched("c-instead") {
            ctx.schedule_activity("c", "").await
        } else {
            ctx.schedule_activity("b", "").await
        }
    });
    let mut before = old.start();
    before.complete(2, "");
    assert!(new.replay(&before.history).is_ok());
    let mut after = new.start();
    after.complete(2, "");
    assert!(after.lines().last().unwrap().contains("call c("));
    after.check();
}
