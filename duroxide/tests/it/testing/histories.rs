//! A changed program is told what changed, by its own repository.

use std::time::Duration;

use duroxide::history::{ExecutionId, InstanceId};
use duroxide::testing::{HistoryError, RecordedHistory, ReplayError, replay, replay_dir};
use duroxide::{OrchestrationContext, OrchestrationRegistry};

use crate::support::Program;

async fn order(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    let seat = ctx.schedule_activity("reserve", "seat").await?;
    ctx.schedule_timer(Duration::from_secs(1)).await;
    ctx.schedule_activity("charge", seat).await
}

fn program<F, Fut>(code: F) -> OrchestrationRegistry
where
    F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    OrchestrationRegistry::builder()
        .register("test", code)
        .build()
}

/// The history of `order`, waiting for its last activity.
fn recorded() -> RecordedHistory {
    let mut live = Program::with_input(order).start();
    live.complete(2, "7a");
    live.fire(4);
    let id = InstanceId::new("instance").unwrap();
    RecordedHistory::new(id, ExecutionId::FIRST, live.history.clone()).unwrap()
}

#[test]
fn a_program_fits_its_own_history_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("order.json");
    recorded().write(&path).unwrap();
    let history = RecordedHistory::read(&path).unwrap();
    assert_eq!(history, recorded());
    let replayed = replay(&history, &program(order)).unwrap();
    assert_eq!((replayed.events, replayed.ended), (6, false));
    assert_eq!(replayed.orchestration, "test");
    let all = replay_dir(folder.path(), &program(order)).unwrap();
    assert_eq!(all, [replayed]);
}

/// The refusal of a changed program, as its author reads it.
fn refusal<F, Fut>(code: F) -> String
where
    F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    let error = replay(&recorded(), &program(code)).unwrap_err();
    assert!(matches!(error, ReplayError::Changed { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("histories.rs:"), "the place: {text}");
    assert!(text.contains("ctx.patched"), "what to do: {text}");
    text
}

#[test]
fn swapped_calls_are_refused() {
    let text = refusal(|ctx, _| async move {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        ctx.schedule_activity("reserve", "seat").await
    });
    assert!(
        text.contains("history says: a call of the activity `reserve`"),
        "{text}"
    );
    assert!(text.contains("code did:     a timer due at"), "{text}");
}

#[test]
fn a_removed_call_is_refused() {
    let text = refusal(|ctx, _| async move {
        let seat = ctx.schedule_activity("reserve", "seat").await?;
        ctx.schedule_activity("charge", seat).await
    });
    assert!(text.contains("at event 4"), "{text}");
    assert!(
        text.contains("code did:     a call of the activity `charge`"),
        "{text}"
    );
}

#[test]
fn a_changed_input_is_refused() {
    let text = refusal(|ctx, _| async move { ctx.schedule_activity("reserve", "room").await });
    assert!(text.contains("`seat`") && text.contains("`room`"), "{text}");
}

#[test]
fn a_changed_timer_is_refused() {
    let text = refusal(|ctx, _| async move {
        ctx.schedule_activity("reserve", "seat").await?;
        ctx.schedule_timer(Duration::from_secs(2)).await;
        Ok(String::new())
    });
    assert!(text.contains("at event 4"), "{text}");
}

#[test]
fn a_renamed_activity_is_refused() {
    let text = refusal(|ctx, _| async move { ctx.schedule_activity("book", "seat").await });
    assert!(
        text.contains("`reserve`") && text.contains("`book`"),
        "{text}"
    );
}

#[test]
fn shorter_code_is_refused() {
    let text = refusal(|ctx, _| async move { ctx.schedule_activity("reserve", "seat").await });
    assert!(text.contains("at event 4"), "{text}");
}

#[test]
fn longer_code_is_refused_at_the_end_of_the_history() {
    let text = refusal(|ctx, _| async move {
        let seat = ctx.schedule_activity("reserve", "seat").await?;
        ctx.schedule_timer(Duration::from_secs(1)).await;
        let charged = ctx.schedule_activity("charge", seat);
        let _sent = ctx.schedule_activity("mail", "");
        charged.await
    });
    assert!(text.contains("the end of the history"), "{text}");
}

#[test]
fn what_cannot_be_replayed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = replay_dir(folder.path(), &program(order)).unwrap_err();
    assert!(matches!(nothing, ReplayError::NothingToReplay { .. }));
    std::fs::write(folder.path().join("x.json"), "{}").unwrap();
    let damaged = replay_dir(folder.path(), &program(order)).unwrap_err();
    assert!(damaged.to_string().contains("x.json"), "{damaged}");
    let missing = RecordedHistory::read(folder.path().join("y.json")).unwrap_err();
    assert!(matches!(missing, HistoryError::File { .. }));
    let other = OrchestrationRegistry::builder()
        .register("other", order)
        .build();
    let unregistered = replay(&recorded(), &other).unwrap_err();
    assert!(
        unregistered.to_string().contains("`test` 1.0.0"),
        "{unregistered}"
    );
    let newer = recorded()
        .to_json()
        .unwrap()
        .replace("history-1", "history-2");
    let unknown = RecordedHistory::from_json(&newer).unwrap_err();
    assert!(matches!(unknown, HistoryError::Format { .. }));
    let mut late = recorded();
    late.events.remove(0);
    assert!(matches!(
        replay(&late, &program(order)),
        Err(ReplayError::NoStart)
    ));
}
