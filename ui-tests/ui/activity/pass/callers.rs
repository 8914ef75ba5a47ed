//! One stub, many callers.

#![deny(warnings)]
#![forbid(unsafe_code)]

use duroxide::{ActivityContext, CallError, OrchestrationContext, activity};
use futures::executor::block_on;

mod billing {
    use duroxide::{ActivityContext, activity};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Receipt {
        pub(crate) cents: u64,
    }

    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("declined")]
    pub(crate) struct Declined;

    /// Charges the card.
    #[activity]
    pub async fn charge_card(
        _ctx: &ActivityContext,
        card: String,
        cents: u64,
    ) -> Result<Receipt, Declined> {
        if card.is_empty() {
            return Err(Declined);
        }
        Ok(Receipt { cents })
    }
}

// One `use` brings the function and the type.
use billing::charge_card;

#[activity]
async fn charge_twice(ctx: &ActivityContext, card: String) -> Result<u64, String> {
    let first = charge_card(ctx, card.clone(), 1).await;
    let first = first.map_err(|error| error.to_string())?;
    let second = charge_card(ctx.clone(), card, 2).await;
    let second = second.map_err(|error| error.to_string())?;
    Ok(first.cents + second.cents)
}

/// The function's own name means the stub, inside as well.
#[activity]
async fn factorial(ctx: ActivityContext, n: u64) -> Result<u64, String> {
    if n == 0 {
        return Ok(1);
    }
    Ok(n * factorial(ctx, n - 1).await?)
}

async fn durable(ctx: &OrchestrationContext) -> Result<u64, CallError<billing::Declined>> {
    let charge_card = charge_card(ctx, "card".to_owned(), 1).await?;
    let contexts = [ctx];
    let mut sum = charge_card.cents;
    for ctx in &contexts {
        let running = billing::charge_card(ctx, "card".to_owned(), 2).schedule();
        sum += running.await?.cents;
    }
    Ok(sum)
}

async fn as_text(ctx: &OrchestrationContext) -> Result<u64, String> {
    Ok(charge_card(ctx, "card".to_owned(), 1).await?.cents)
}

fn is_send<T: Send + 'static>(_: impl FnOnce(OrchestrationContext) -> T) {}

pub(crate) fn main() {
    let ctx = ActivityContext::for_test();
    let receipt = block_on(charge_card(&ctx, "card".to_owned(), 990));
    assert_eq!(receipt.map(|receipt| receipt.cents).ok(), Some(990));
    let declined = block_on(charge_card(&ctx, String::new(), 990));
    assert_eq!(
        declined.map_err(|error| error.to_string()).err(),
        Some("declined".to_owned())
    );
    assert_eq!(block_on(charge_twice(&ctx, "card".to_owned())), Ok(3));
    assert_eq!(block_on(factorial(ctx, 5)), Ok(120));
    is_send(|ctx| async move { (durable(&ctx).await, as_text(&ctx).await) });
}
