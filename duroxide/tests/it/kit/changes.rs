//! Six changes of a program that do not fit what runs. Each is refused by the replay of a recorded
//! history, in words that somebody can act on who has never seen one.

use std::time::Duration;

use duroxide::testing::{RecordedHistory, TestEnv, TestOptions, replay, run};
use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn order(ctx: OrchestrationContext, item: String) -> Result<String, String> {
    let seat = ctx.schedule_activity("reserve", item).await?;
    ctx.schedule_timer(DAY).await;
    ctx.schedule_activity("charge", seat.clone()).await?;
    ctx.schedule_activity("mail", seat).await
}

fn program<F, Fut>(code: F) -> OrchestrationRegistry
where
    F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    let registry = OrchestrationRegistry::builder().register("order", code);
    registry.build_result().unwrap()
}

/// What `order` did, recorded in a real run.
fn recorded() -> RecordedHistory {
    run(TestOptions::default(), |env: TestEnv| async move {
        env.register_orchestrations(&program(order));
        let echo = |_: ActivityContext, text: String| async move { Ok(text) };
        let names = ["reserve", "charge", "mail"]
            .map(|name| (name, echo))
            .to_vec();
        env.register_activities(&ActivityRegistry::builder().register_all(names).build());
        let client = env.client();
        client
            .start_orchestration("o", "order", "7a")
            .await
            .unwrap();
        client.wait_for_orchestration("o", 2 * DAY).await.unwrap();
        env.history("o").await.unwrap()
    })
}

/// The refusal of a changed program, as its author reads it. What all of them say is checked here.
fn refusal<F, Fut>(code: F) -> String
where
    F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, String>> + Send + 'static,
{
    let text = replay(&recorded(), &program(code)).unwrap_err().to_string();
    assert!(
        text.starts_with("`order` 1.0.0 does not fit the history at event "),
        "{text}"
    );
    assert!(
        text.contains("changes.rs:"),
        "the place of the call: {text}"
    );
    assert!(text.contains("ctx.patched(\"..\")"), "one way out: {text}");
    assert!(
        text.contains("a new version beside the old one"),
        "another: {text}"
    );
    text
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    for part in expected {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

#[test]
fn the_program_itself_fits() {
    let replayed = replay(&recorded(), &program(order)).unwrap();
    assert_eq!((replayed.events, replayed.ended), (10, true));
}

#[test]
fn swapped_calls() {
    let text = refusal(|ctx, item| async move {
        let seat = ctx.schedule_activity("reserve", item).await?;
        ctx.schedule_timer(DAY).await;
        ctx.schedule_activity("mail", seat.clone()).await?;
        ctx.schedule_activity("charge", seat).await
    });
    check(
        &text,
        &[
            "at event 6\n",
            "    4  a timer due at ",
            "    5  the firing of the timer 4\n",
            "-   6  history says: a call of the activity `charge` with the input `7a`\n",
            "+   6  code did:     a call of the activity `mail` with the input `7a`\n",
            "what changed: what the code did is event 8 of the history: a call before it was removed, \
             or the two were swapped",
        ],
    );
}

#[test]
fn a_removed_call() {
    let text = refusal(|ctx, item| async move {
        let seat = ctx.schedule_activity("reserve", item).await?;
        ctx.schedule_activity("charge", seat.clone()).await?;
        ctx.schedule_activity("mail", seat).await
    });
    check(
        &text,
        &[
            "-   4  history says: a timer due at ",
            "+   4  code did:     a call of the activity `charge`",
            "is event 6 of the history: a call before it was removed",
        ],
    );
}

#[test]
fn a_changed_input() {
    let text = refusal(|ctx, item| async move {
        let seat = ctx.schedule_activity("reserve", item).await?;
        ctx.schedule_timer(DAY).await;
        ctx.schedule_activity("charge", format!("{seat}, please"))
            .await
    });
    check(
        &text,
        &[
            "history says: a call of the activity `charge` with the input `7a`",
            "code did:     a call of the activity `charge` with the input `7a, please`",
            "what changed: the call is the same, its input is another one",
        ],
    );
}

#[test]
fn a_changed_timer() {
    let text = refusal(|ctx, item| async move {
        ctx.schedule_activity("reserve", item).await?;
        ctx.schedule_timer(2 * DAY).await;
        Ok(String::new())
    });
    check(
        &text,
        &[
            "-   4  history says: a timer due at ",
            "+   4  code did:     a timer due at ",
            "what changed: the timer is 2d long instead of 1d",
        ],
    );
}

#[test]
fn a_renamed_activity() {
    let text = refusal(|ctx, item| async move {
        let seat = ctx.schedule_activity("book", item).await?;
        ctx.schedule_timer(DAY).await;
        ctx.schedule_activity("charge", seat).await
    });
    check(
        &text,
        &[
            "history says: a call of the activity `reserve`",
            "code did:     a call of the activity `book`",
            "if only its function was renamed, keep its name for the store: \
             `#[activity(name = \"reserve\")]`",
        ],
    );
}

#[test]
fn shorter_code() {
    let text = refusal(|ctx, item| async move {
        let seat = ctx.schedule_activity("reserve", item).await?;
        ctx.schedule_timer(DAY).await;
        ctx.schedule_activity("charge", seat).await
    });
    check(
        &text,
        &[
            "-   8  history says: a call of the activity `mail`",
            "+   8  code did:     the end with the output `7a`",
            "what changed: the code is shorter",
        ],
    );
}
