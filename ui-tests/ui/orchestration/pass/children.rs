//! One orchestration calls another by its name.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::time::Duration;

use duroxide::{
    ActivityContext, CallError, DurableFuture, OrchestrationContext, activity, join, join_all,
    orchestration, select,
};
use serde::{Deserialize, Serialize};

mod billing {
    use duroxide::{OrchestrationContext, orchestration};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Serialize, Deserialize)]
    pub(crate) struct Receipt {
        pub(crate) cents: u64,
    }

    #[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("declined")]
    pub(crate) struct Declined;

    /// Public, though its types are not.
    #[orchestration(name = "billing::charge", version = "2.1.0")]
    pub async fn charge(
        _ctx: &OrchestrationContext,
        card: String,
        cents: u64,
    ) -> Result<Receipt, Declined> {
        if card.is_empty() {
            return Err(Declined);
        }
        Ok(Receipt { cents })
    }

    /// The version before, beside it.
    #[orchestration(name = "billing::charge", version = "2.0.0")]
    #[deprecated = "it takes any card"]
    pub async fn charge_any(
        _ctx: OrchestrationContext,
        _card: String,
        cents: u64,
    ) -> Result<Receipt, Declined> {
        Ok(Receipt { cents })
    }
}

// One `use` brings the function and the type.
use billing::{Declined, Receipt, charge};

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
enum OrderError {
    #[error("not paid: {0}")]
    NotPaid(#[from] CallError<Declined>),
    #[error("not shipped: {0}")]
    NotShipped(#[from] CallError<String>),
}

#[activity]
async fn ship(_ctx: &ActivityContext, order: u64) -> Result<u64, String> {
    Ok(order)
}

/// By its name, which the result may bear as well.
#[orchestration]
async fn order(ctx: &OrchestrationContext, card: String) -> Result<u64, OrderError> {
    let charge = charge(ctx, card, 990).await?;
    Ok(ship(ctx, charge.cents).await?)
}

/// Every option, every caller.
#[orchestration]
async fn options(ctx: OrchestrationContext, card: String) -> Result<u64, CallError<Declined>> {
    let running: DurableFuture<Result<Receipt, CallError<Declined>>> = charge(&ctx, card, 1)
        .id("charge-1")
        .version("2.0.0")
        .summary("the first cent")
        .schedule();
    let contexts = [&ctx];
    let mut sum = running.await?.cents;
    for ctx in &contexts {
        sum += charge(ctx, "card".to_owned(), 2).await?.cents;
    }
    let id: String = charge(&ctx, String::new(), 3).id("charge-3").detach();
    ctx.set_custom_status(id);
    charge(&ctx, String::new(), 4).detach();
    sum += charge(ctx, "card".to_owned(), 5).await?.cents;
    Ok(sum)
}

/// The function's own name means the stub, inside as well.
#[orchestration]
async fn factorial(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    if n == 0 {
        return Ok(1);
    }
    Ok(n * factorial(ctx, n - 1).await?)
}

/// As a branch, as one of many, by reference, in a block.
#[orchestration]
async fn combined(ctx: &OrchestrationContext, cards: Vec<String>) -> Result<u64, String> {
    let all = cards.into_iter().map(|card| charge(ctx, card, 1));
    let mut sum = 0;
    for paid in join_all(all).limit(2).await {
        sum += paid?.cents;
    }
    let (one, two, ()) = join!(
        charge(ctx, "card".to_owned(), 2),
        async {
            ship(ctx, charge(ctx, "card".to_owned(), 3).await?.cents)
                .await
                .map_err(String::from)
        },
        ctx.schedule_timer(Duration::from_secs(1)),
    );
    sum += one?.cents + two?;
    let mut slow = charge(ctx, "slow".to_owned(), 4);
    let mut shipped = ship(ctx, 5);
    sum += select! {
        paid = &mut slow => paid?.cents,
        order = &mut shipped => order?,
        () = ctx.schedule_timer(Duration::from_secs(60)) => 0,
    };
    sum += select! {
        paid = slow => paid?.cents,
        order = shipped => order?,
    };
    Ok(sum)
}

/// Whatever ended the child can be caught.
#[orchestration]
async fn caught(ctx: &OrchestrationContext) -> Result<String, String> {
    Ok(match charge(ctx, String::new(), 1).await {
        Ok(Receipt { cents }) => format!("{cents} cents"),
        Err(CallError::Failed(Declined)) => "declined".to_owned(),
        Err(CallError::Cancelled) => "cancelled".to_owned(),
        Err(CallError::Panicked(message)) => format!("panicked: {message}"),
        Err(CallError::Rejected(problem)) => format!("rejected: {problem}"),
        Err(other) => other.to_string(),
    })
}

/// Without an error type of its own.
#[orchestration]
async fn one_error(ctx: &OrchestrationContext) -> Result<u64, duroxide::Error> {
    let paid = charge(ctx, "card".to_owned(), 1).await?;
    Ok(ship(ctx, paid.cents).await?)
}

/// Sees its cancellation.
#[orchestration(cancellation = "cooperative", cleanup_deadline = "30s")]
async fn cooperative(ctx: &OrchestrationContext) -> Result<(), String> {
    ctx.schedule_timer(Duration::from_secs(1)).await;
    if ctx.is_cancelled() {
        let undone = ctx.shielded(|ctx| async move { ship(&ctx, 7).await });
        undone.await?;
    }
    Ok(())
}

#[orchestration(cancellation = "cooperative")]
async fn upgraded(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    upgraded::continue_as_new(ctx, n + 1).version("2.0.0").await
}

mod errors {
    //! An error type for everything that a call may end with.

    use std::fmt::Display;

    use duroxide::{CallError, OrchestrationContext, orchestration};
    use serde::{Deserialize, Serialize};

    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("{0}")]
    struct Any(String);

    impl<E: Display> From<CallError<E>> for Any {
        fn from(error: CallError<E>) -> Self {
            Self(error.to_string())
        }
    }

    #[orchestration]
    async fn any(ctx: &OrchestrationContext) -> Result<u64, Any> {
        let paid = super::charge(ctx, "card".to_owned(), 1).await?;
        let shipped = super::ship(ctx, paid.cents).await?;
        Ok(shipped)
    }
}

fn is_send<T: Send + 'static>(_: impl FnOnce(OrchestrationContext) -> T) {}
fn is_unpin<T: Unpin + Future>(_: impl FnOnce(&OrchestrationContext) -> T) {}
fn is_error<T: std::error::Error + Clone + Serialize + for<'a> Deserialize<'a>>() {}

pub(crate) fn main() {
    is_send(|ctx| async move { (order(&ctx, String::new()).await, caught(&ctx).await) });
    is_send(|ctx| charge(ctx, String::new(), 1));
    is_unpin(|ctx| charge(ctx, String::new(), 1));
    is_unpin(|ctx| ship(ctx, 1));
    is_error::<CallError<Declined>>();
    #[expect(deprecated, reason = "as it says")]
    is_send(|ctx| billing::charge_any(&ctx, String::new(), 1));
    is_send(|ctx| (one_error(&ctx), caught(&ctx)));
    is_send(|ctx| (options(&ctx, String::new()), factorial(&ctx, 1)));
    is_send(|ctx| {
        (
            combined(&ctx, Vec::new()),
            cooperative(&ctx),
            upgraded(&ctx, 1),
        )
    });
}
