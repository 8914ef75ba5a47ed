//! Subscriptions, invoices, transfers.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::marker::PhantomData;

use duroxide::prelude::*;
use futures::future::{self, FutureExt, TryFutureExt};
use futures::stream::{self, FuturesUnordered, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Plan {
    Basic,
    Team { seats: u16 },
}

impl Plan {
    const fn price(self) -> u64 {
        match self {
            Self::Basic => 900,
            Self::Team { seats } => 700 * seats as u64,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("account {account}: {what}")]
struct MoneyError {
    account: u64,
    what: Cow<'static, str>,
}

impl MoneyError {
    fn of<E: std::fmt::Display>(account: u64) -> impl Fn(E) -> Self {
        move |error| Self {
            account,
            what: Cow::Owned(error.to_string()),
        }
    }
}

macro_rules! ensure {
    ($condition:expr, $account:expr, $what:literal) => {
        if !$condition {
            return Err(MoneyError {
                account: $account,
                what: Cow::Borrowed($what),
            });
        }
    };
}

#[activity]
async fn balance(_ctx: &ActivityContext, account: u64) -> Result<u64, String> {
    Ok(account * 100)
}

#[activity(no_retry = [MoneyError { .. }])]
async fn book(_ctx: &ActivityContext, account: u64, cents: i64) -> Result<u64, MoneyError> {
    if cents == 0 {
        return Err(MoneyError {
            account,
            what: "nothing to book".into(),
        });
    }
    Ok(account)
}

#[activity]
async fn invoice(_ctx: &ActivityContext, account: u64, plan: Plan) -> Result<String, String> {
    Ok(format!("{account}: {}", plan.price()))
}

#[orchestration]
async fn transfer(
    ctx: &OrchestrationContext,
    from: u64,
    to: u64,
    cents: i64,
) -> Result<(), MoneyError> {
    ensure!(from != to, from, "the same account");
    ensure!(cents > 0, from, "not a positive sum");
    let have = balance(ctx, from).await.map_err(MoneyError::of(from))?;
    match have.cmp(&cents.unsigned_abs()) {
        Ordering::Less => ensure!(false, from, "not enough"),
        Ordering::Equal | Ordering::Greater => {}
    }
    book(ctx, from, -cents)
        .await
        .map_err(MoneyError::of(from))?;
    if let Err(error) = book(ctx, to, cents).await {
        book(ctx, from, cents)
            .attempts(100)
            .await
            .map_err(MoneyError::of(from))?;
        return Err(MoneyError::of(to)(error));
    }
    Ok(())
}

#[orchestration]
async fn subscription(
    ctx: &OrchestrationContext,
    account: u64,
    plan: Plan,
    month: u32,
) -> Result<u32, String> {
    let text = invoice(ctx, account, plan).await?;
    trace_info!(ctx, "month {month}: {text}");
    let paid = retry(ctx, 3, || {
        book(ctx, account, 1).map_err(|error| error.to_string())
    })
    .await;
    if paid.is_err() {
        return Ok(month);
    }
    ctx.schedule_timer(Duration::from_secs(30 * 24 * 3600))
        .await;
    subscription::continue_as_new(ctx, account, plan, month + 1).await
}

/// Again and again, with pauses that grow.
#[deterministic]
async fn retry<T, E, F, R>(ctx: &OrchestrationContext, attempts: u32, mut call: F) -> Result<T, E>
where
    T: Send,
    E: Send,
    F: FnMut() -> R + Send,
    R: Durable<Output = Result<T, E>> + Send,
{
    let mut pause = Duration::from_secs(1);
    for _ in 1..attempts {
        if let Ok(value) = call().await {
            return Ok(value);
        }
        ctx.schedule_timer(pause).await;
        pause = pause.saturating_mul(2);
    }
    call().await
}

#[orchestration]
async fn month_end(ctx: &OrchestrationContext, accounts: Vec<u64>) -> Result<u64, String> {
    let mut open: FuturesUnordered<_> = accounts
        .iter()
        .map(|account| balance(ctx, *account).map(move |it| (*account, it)))
        .collect();
    let mut sum = 0;
    while let Some((account, result)) = open.next().await {
        sum += result.map_err(|error| format!("{account}: {error}"))?;
    }
    Ok(sum)
}

#[orchestration]
async fn audit(ctx: &OrchestrationContext, accounts: Vec<u64>) -> Result<Vec<u64>, String> {
    let (first, last) = match accounts.as_slice() {
        [first, .., last] => future::try_join(balance(ctx, *first), balance(ctx, *last)).await?,
        _ => return Ok(accounts),
    };
    let all: Vec<u64> = stream::iter(accounts)
        .map(|account| balance(ctx, account))
        .buffered(4)
        .try_collect()
        .await?;
    assert_eq!(all.first(), Some(&first), "the same on every replay");
    Ok([all, vec![last]].concat())
}

/// A ledger with a currency that only types know.
struct Ledger<'a, C> {
    ctx: &'a OrchestrationContext,
    account: u64,
    currency: PhantomData<fn() -> C>,
}

struct Euro;

impl<'a, C> Ledger<'a, C> {
    fn new(ctx: &'a OrchestrationContext, account: u64) -> Self {
        Self {
            ctx,
            account,
            currency: PhantomData,
        }
    }

    #[deterministic]
    async fn settle(&self, limit: u64) -> Result<u64, String> {
        let have = balance(self.ctx, self.account).await?;
        Ok(have.min(limit))
    }

    #[deterministic]
    async fn halves(&self, depth: u32) -> Result<u64, String> {
        if depth == 0 {
            return self.settle(10).await;
        }
        let (a, b) = join!(
            Box::pin(self.halves(depth - 1)),
            Box::pin(self.halves(depth - 1))
        );
        Ok(a? + b?)
    }
}

#[orchestration]
async fn settle(ctx: &OrchestrationContext, account: u64) -> Result<u64, String> {
    let ledger = Ledger::<Euro>::new(ctx, account);
    let settled = ledger.settle(1_000).await?;
    Ok(settled + ledger.halves(2).await?)
}
