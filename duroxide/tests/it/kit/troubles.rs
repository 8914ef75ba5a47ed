//! What a test hears of that it did not look at.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;
use duroxide::{ActivityRegistry, OrchestrationRegistry};

#[activity]
async fn kit_unmocked(_ctx: &ActivityContext) -> Result<u32, String> {
    Ok(1)
}

#[orchestration]
async fn kit_tolerant(ctx: &OrchestrationContext) -> Result<u32, String> {
    let found = kit_unmocked(ctx).await;
    Ok(found.unwrap_or(0))
}

#[orchestration]
async fn kit_waits_for_ever(ctx: &OrchestrationContext) -> Result<String, String> {
    Ok(ctx.schedule_wait("never").await)
}

#[duroxide::test]
#[should_panic(expected = "add `env.mock::<kit_unmocked>(..)`")]
async fn a_missing_mock_is_refused_if_the_test_says_so(env: TestEnv) {
    env.refuse_unmocked();
    let handle = kit_tolerant::start(&env.client()).await.unwrap();
    assert_eq!(
        handle.result().await.unwrap(),
        0,
        "the real one did not run"
    );
}

#[duroxide::test]
async fn a_mock_is_not_refused(env: TestEnv) {
    env.refuse_unmocked();
    env.mock::<kit_unmocked>(|| Ok(5));
    let handle = kit_tolerant::start(&env.client()).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), 5);
}

#[duroxide::test]
#[should_panic(
    expected = "still running: `forgotten`, a `kit_waits_for_ever`; its last event: waits for event `never`"
)]
async fn what_never_comes_fails_the_test_and_does_not_hang_it(env: TestEnv) {
    let handle = kit_waits_for_ever::start(&env.client())
        .id("forgotten")
        .await
        .unwrap();
    let _ = handle.result().await;
}

#[duroxide::test]
#[should_panic(expected = "raising an event after 5s")]
async fn an_event_for_nobody_fails_the_test(env: TestEnv) {
    env.raise_event_after(Duration::from_secs(5), "nobody", "go", "");
    env.skip(Duration::from_secs(6)).await;
}

#[duroxide::test]
#[should_panic(expected = "is mocked after the program has started")]
async fn a_mock_of_nothing_comes_too_late(env: TestEnv) {
    let _started = env.client();
    env.mock_named("unheard-of", |_| Ok(String::new()));
}

#[duroxide::test]
#[should_panic(expected = "say this before the first `env.client()`")]
async fn a_registration_comes_too_late(env: TestEnv) {
    let _started = env.client();
    env.register_activities(&ActivityRegistry::builder().build());
}

#[duroxide::test]
#[should_panic(expected = "cannot start: orchestration `a` 1.0.0 is registered twice")]
async fn a_program_that_cannot_start_says_why(env: TestEnv) {
    let one = |_: OrchestrationContext, input: String| async move { Ok(input) };
    let twice = OrchestrationRegistry::builder()
        .register("a", one)
        .register("a", one);
    env.register_orchestrations(&twice.build());
    let _ = env.client();
}

#[activity]
async fn kit_never(_ctx: &ActivityContext) -> Result<u32, String> {
    Ok(1)
}

#[duroxide::test]
async fn replays_are_compared_unless_the_test_says_otherwise(env: TestEnv) {
    let status = unsteady(&env).await;
    assert!(status.contains("event 2"), "{status}");
}

#[duroxide::test(replay_twice = false)]
async fn without_the_comparison_unsteady_code_gets_through(env: TestEnv) {
    assert_eq!(unsteady(&env).await, "done");
}

/// Runs code that does something else each time.
async fn unsteady(env: &TestEnv) -> String {
    let runs = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let code = move |ctx: OrchestrationContext, _: String| {
        let run = runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            ctx.schedule_activity("kit_never", run.to_string()).await?;
            Ok("done".to_owned())
        }
    };
    let program = OrchestrationRegistry::builder().register("unsteady", code);
    env.register_orchestrations(&program.build());
    let client = env.client();
    client
        .start_orchestration("u", "unsteady", "")
        .await
        .unwrap();
    let ended = client
        .wait_for_orchestration("u", Duration::from_secs(60))
        .await;
    match ended.unwrap() {
        duroxide::OrchestrationStatus::Completed { output, .. } => output,
        duroxide::OrchestrationStatus::Failed { details, .. } => details.to_string(),
        other => panic!("unexpected: {other:?}"),
    }
}

#[duroxide::test]
async fn code_that_never_comes_back_fails_its_instance_here_too(env: TestEnv) {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let code = move |_: OrchestrationContext, input: String| {
        let wait = wait.clone();
        async move {
            let _ = wait.lock().unwrap().recv();
            Ok(input)
        }
    };
    let program = OrchestrationRegistry::builder().register("stuck", code);
    env.register_orchestrations(&program.build());
    env.options(|options| options.turn_timeout = Duration::from_millis(20));
    let client = env.client();
    client.start_orchestration("s", "stuck", "").await.unwrap();
    let ended = client
        .wait_for_orchestration("s", Duration::from_secs(60))
        .await;
    let ended = format!("{:?}", ended.unwrap());
    assert!(ended.contains("did not come back"), "{ended}");
    assert_eq!(
        env.elapsed(),
        Duration::ZERO,
        "the limit is one of real time"
    );
    drop(release);
}
