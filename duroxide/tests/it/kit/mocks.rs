//! Activities and children that are replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use duroxide::prelude::*;
use duroxide::testing::TestEnv;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    item: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error("declined")]
    Declined,
    #[error("no connection")]
    Away,
}

/// Public, with types that are not: a mock of it has them all the same.
#[activity(no_retry = [PaymentError::Declined])]
pub async fn kit_charge(
    _ctx: &ActivityContext,
    order: Order,
    cents: u64,
) -> Result<u64, PaymentError> {
    Ok(cents + order.item.len() as u64)
}

#[activity]
async fn kit_no_parameters(_ctx: &ActivityContext) -> Result<u64, String> {
    Ok(1)
}

#[orchestration]
async fn kit_pack(ctx: &OrchestrationContext, order: Order) -> Result<String, String> {
    ctx.schedule_timer(Duration::from_secs(60)).await;
    Ok(format!("a box with {}", order.item))
}

#[orchestration]
async fn kit_shop(ctx: &OrchestrationContext, item: String) -> Result<String, String> {
    let order = Order { item };
    let paid = kit_charge(ctx, order.clone(), 700).attempts(3).await?;
    let packed = kit_pack(ctx, order).await?;
    Ok(format!("{packed} for {paid}"))
}

#[orchestration]
async fn kit_impatient(ctx: &OrchestrationContext) -> Result<u64, CallError<String>> {
    let count = kit_no_parameters(ctx)
        .timeout(Duration::from_secs(30))
        .await?;
    Ok(count)
}

async fn shop(env: &TestEnv) -> Result<String, OrchestrationError<String>> {
    let handle = kit_shop::start(&env.client(), "tea".to_owned())
        .await
        .unwrap();
    handle.result().await
}

#[duroxide::test]
async fn without_a_mock_the_real_thing_runs(env: TestEnv) {
    assert_eq!(shop(&env).await.unwrap(), "a box with tea for 703");
    assert_eq!(env.elapsed(), Duration::from_secs(60));
    assert_eq!(
        env.calls_of("kit_charge"),
        [r#"{"order":{"item":"tea"},"cents":700}"#]
    );
}

#[duroxide::test]
async fn a_closure_stands_in_for_an_activity_and_remembers_its_calls(env: TestEnv) {
    // The types of the parameters are those of the activity: nothing has to name them.
    let charged = env.mock::<kit_charge>(|order, cents| {
        if order.item.is_empty() {
            return Err(PaymentError::Declined);
        }
        Ok(cents * 2)
    });
    assert_eq!(shop(&env).await.unwrap(), "a box with tea for 1400");
    let tea = Order {
        item: "tea".to_owned(),
    };
    assert_eq!(charged.calls(), [(tea, 700)]);
    assert_eq!(charged.count(), 1);
}

#[duroxide::test]
async fn a_closure_may_keep_things_and_be_asynchronous(env: TestEnv) {
    let sum = Arc::new(AtomicU64::new(0));
    let kept = Arc::clone(&sum);
    env.mock::<kit_charge>(move |_, cents| {
        let kept = Arc::clone(&kept);
        async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(kept.fetch_add(cents, Ordering::SeqCst) + cents)
        }
    });
    assert_eq!(shop(&env).await.unwrap(), "a box with tea for 700");
    assert_eq!(sum.load(Ordering::SeqCst), 700);
    assert_eq!(env.elapsed(), Duration::from_secs(70));
}

#[duroxide::test]
async fn the_first_calls_fail_and_then_the_closure_is_asked(env: TestEnv) {
    let charged = env.mock::<kit_charge>(|_, cents| Ok(cents));
    let charged = charged.fail_first(2, PaymentError::Away);
    assert_eq!(shop(&env).await.unwrap(), "a box with tea for 700");
    assert_eq!(charged.count(), 3);
}

#[duroxide::test]
async fn an_error_of_a_mock_is_as_final_as_that_of_the_activity(env: TestEnv) {
    let charged = env.mock::<kit_charge>(|_, _| Err(PaymentError::Declined));
    let error = shop(&env).await.unwrap_err();
    assert!(error.to_string().contains("declined"), "{error}");
    assert_eq!(charged.count(), 1);
}

#[duroxide::test]
async fn an_answer_takes_as_long_as_the_test_says(env: TestEnv) {
    env.mock::<kit_charge>(|_, cents| Ok(cents))
        .delay(Duration::from_secs(3600));
    shop(&env).await.unwrap();
    assert_eq!(env.elapsed(), Duration::from_secs(3660));
}

#[duroxide::test]
async fn what_never_completes_times_out(env: TestEnv) {
    env.mock::<kit_no_parameters>(|| Ok(2)).never_complete();
    let handle = kit_impatient::start(&env.client()).await.unwrap();
    let error = handle.result().await.unwrap_err();
    assert!(
        matches!(error, OrchestrationError::Failed(CallError::TimedOut)),
        "{error:?}"
    );
    assert_eq!(env.elapsed(), Duration::from_secs(30));
}

#[duroxide::test]
async fn a_closure_stands_in_for_a_child(env: TestEnv) {
    let packed = env.mock::<kit_pack>(|order| Ok(format!("no box for {}", order.item)));
    let packed = packed.delay(Duration::from_secs(5));
    assert_eq!(shop(&env).await.unwrap(), "no box for tea for 703");
    assert_eq!(env.elapsed(), Duration::from_secs(5));
    // It was run again from its history, and is one call all the same.
    assert_eq!(packed.count(), 1);
}

#[duroxide::test]
async fn a_child_fails_as_often_as_the_test_says(env: TestEnv) {
    let packed = env.mock::<kit_pack>(|_| Ok("a box".to_owned()));
    packed.fail_first(1, "no boxes left".to_owned());
    let error = shop(&env).await.unwrap_err();
    assert!(error.to_string().contains("no boxes left"), "{error}");
    assert_eq!(shop(&env).await.unwrap(), "a box for 703");
}

#[duroxide::test]
async fn a_mock_may_come_while_the_program_runs_and_the_last_one_counts(env: TestEnv) {
    assert_eq!(shop(&env).await.unwrap(), "a box with tea for 703");
    env.mock::<kit_charge>(|_, _| Ok(1));
    let last = env.mock::<kit_charge>(|_, _| Ok(2));
    assert_eq!(shop(&env).await.unwrap(), "a box with tea for 2");
    assert_eq!(last.count(), 1);
}
