//! How often, and for how long: by the attribute, and by the call.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::time::Duration;

use duroxide::{
    ActivityContext, BackoffStrategy, CallError, OrchestrationContext, RetryPolicy, activity,
    join_all,
};
use serde::{Deserialize, Serialize};

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub(crate) enum PaymentError {
    #[error("declined")]
    Declined,
    #[error("above {limit}")]
    Limit { limit: u64 },
    #[error("busy for {0} s")]
    Busy(u64),
}

#[activity(
    name = "charge_card",
    timeout = "30s",
    total_timeout = "5m",
    retry(max_attempts = 5, initial = "200ms", multiplier = 2.0, max_delay = "10s"),
    no_retry = [PaymentError::Declined, PaymentError::Limit { .. } | PaymentError::Busy(0)],
)]
pub(crate) async fn charge_card(_ctx: &ActivityContext, cents: u64) -> Result<u64, PaymentError> {
    match cents {
        0 => Err(PaymentError::Declined),
        1..1_000 => Ok(cents),
        1_000..2_000 => Err(PaymentError::Busy(cents)),
        _ => Err(PaymentError::Limit { limit: 1_999 }),
    }
}

/// All pauses the same, or growing by the same time.
#[activity(tag = "gpu", retry(max_attempts = 4, fixed = "1s", jitter = 0.5))]
async fn fixed(_ctx: &ActivityContext) -> Result<(), Declined> {
    Err(Declined)
}

#[activity(retry(linear = "1s", max_delay = "10s", jitter = 1))]
async fn linear(_ctx: &ActivityContext) -> Result<(), Declined> {
    Err(Declined)
}

/// What is left out has defaults; every error may be listed.
#[activity(retry(multiplier = 3), no_retry = [Declined])]
async fn refund(_ctx: &ActivityContext) -> Result<(), Declined> {
    Err(Declined)
}

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("declined")]
struct Declined;

async fn options(ctx: &OrchestrationContext) -> Result<u64, CallError<PaymentError>> {
    let policy = RetryPolicy::new(3).with_backoff(BackoffStrategy::Fixed {
        delay: Duration::from_secs(1),
    });
    let calls = [
        charge_card(ctx, 1).attempts(2),
        charge_card(ctx, 2).retry(policy),
        charge_card(ctx, 3)
            .timeout(Duration::from_secs(5))
            .total_timeout(Duration::from_secs(60)),
        charge_card(ctx, 4)
            .tag("payments")
            .on_session(ctx.instance_id())
            .summary("the fourth cent"),
    ];
    let mut sum = charge_card(ctx, 4).attempts(1).schedule().await?;
    for charged in join_all(calls).await {
        sum += charged?;
    }
    Ok(sum)
}

fn is_send<T: Send + 'static>(_: impl FnOnce(OrchestrationContext) -> T) {}

pub(crate) fn main() {
    is_send(|ctx| async move { (options(&ctx).await, refund(&ctx).attempts(2).await) });
    // By value too, as orchestrations may take it.
    is_send(|ctx| (fixed(&ctx), linear(ctx)));
    // In place it is the body and nothing else.
    let ctx = ActivityContext::for_test();
    let charged = futures::executor::block_on(charge_card(&ctx, 990));
    assert_eq!(charged.ok(), Some(990));
    assert_eq!(
        (
            ctx.attempt(),
            ctx.delivery(),
            ctx.idempotency_key().as_str()
        ),
        (1, 1, "test/1/1")
    );
}
