//! What may be awaited.

use std::collections::BTreeMap;

use duroxide::BoxDurable;
use duroxide::prelude::*;
use futures::future::{self, FutureExt, TryFutureExt};
use futures::stream::{self, FuturesUnordered, StreamExt};

#[activity]
async fn double(_ctx: &ActivityContext, n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

#[orchestration]
async fn everything(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    let one = double(ctx, n).await?;
    let ctx_again = &ctx;
    let two = double(ctx_again, one).schedule().await?;
    ctx.schedule_timer(Duration::from_secs(1)).await;
    let guid: String = ctx.new_guid().await?;
    let (a, b) = join!(double(ctx, 1), async { double(ctx, 2).await });
    let all: u64 = join_all((0..3).map(|n| double(ctx, n)))
        .limit(2)
        .await
        .into_iter()
        .flatten()
        .sum();
    let (_, first) = select_all(vec![double(ctx, 1), double(ctx, 2)]).await;
    let in_time = ctx
        .timeout(Duration::from_secs(2), async move { double(ctx, 7).await })
        .await;
    let mut timer = ctx.schedule_timer(Duration::from_secs(5));
    let won = select! {
        () = &mut timer => 1,
        result = helped(ctx, n) => result?,
    };
    (&mut timer).await;
    let texts = vec![
        format!("{:?}", double(ctx, 8).await),
        async { double(ctx, 9).await }.await?.to_string(),
    ];
    let boxed: BoxDurable<'_, Result<u64, String>> = Box::pin(async { Ok(double(ctx, 3).await?) });
    let sum = one + two + a? + b? + all + first? + won + boxed.await? + recursive(ctx, 3).await;
    let last = match in_time {
        Ok(result) => result?,
        Err(elapsed) => return Err(format!("{elapsed} {guid} {texts:?}")),
    };
    let made = Twice(5).shipped(ctx, "x").await + generic(|n| double(ctx, n)).await?;
    Ok(sum + last + made + combined(ctx).await?)
}

#[deterministic]
async fn combined(ctx: &OrchestrationContext) -> Result<u64, String> {
    let joined = future::join_all((0..3).map(|n| double(ctx, n))).await;
    let (a, b) = future::try_join(double(ctx, 1), double(ctx, 2)).await?;
    let mapped = double(ctx, 1).map(|it| it.unwrap_or(0)).await;
    let text = double(ctx, 1).map_err(|error| error.to_string()).await?;
    let raced = match future::select(double(ctx, 1), ctx.schedule_timer(Duration::ZERO)).await {
        future::Either::Left((it, _timer)) => it?,
        future::Either::Right(((), call)) => call.await?,
    };
    let mut open: FuturesUnordered<_> = (0..3).map(|n| double(ctx, n)).collect();
    let mut sum = 0;
    while let Some(it) = open.next().await {
        sum += it?;
    }
    let buffered: Vec<_> = stream::iter(0..9)
        .map(|n| double(ctx, n))
        .buffered(3)
        .collect()
        .await;
    Ok(a + b + mapped + text + raced + sum + (joined.len() + buffered.len()) as u64)
}

#[deterministic]
async fn helped(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    if n == 0 {
        return Ok(0);
    }
    let last = loop {
        match double(ctx, n).await {
            Ok(it) => break it,
            Err(_) => ctx.schedule_timer(Duration::from_secs(1)).await,
        }
    };
    Ok(last)
}

#[deterministic]
async fn recursive(ctx: &OrchestrationContext, n: u64) -> u64 {
    ctx.schedule_timer(Duration::from_secs(n)).await;
    if n == 0 {
        0
    } else {
        Box::pin(recursive(ctx, n - 1)).await + 1
    }
}

#[deterministic]
async fn generic<F, R, E>(call: F) -> Result<u64, E>
where
    F: Fn(u64) -> R + Send,
    R: Durable<Output = Result<u64, E>> + Send,
    E: Send,
{
    let dynamic: Box<dyn std::fmt::Display + Send> = boxed(1);
    let _ = dynamic.to_string();
    call(2).await
}

#[deterministic]
fn boxed(n: u64) -> Box<dyn std::fmt::Display + Send> {
    if n == 0 {
        return Box::new("none");
    }
    Box::new(n)
}

trait Shipping {
    #[deterministic]
    async fn shipped(&self, ctx: &OrchestrationContext, to: &str) -> u64;
}

struct Twice(u64);

impl Shipping for Twice {
    #[deterministic]
    async fn shipped(&self, ctx: &OrchestrationContext, to: &str) -> u64 {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        self.later(ctx).await + to.len() as u64
    }
}

impl Twice {
    #[deterministic]
    async fn later(&self, ctx: &OrchestrationContext) -> u64 {
        let vouched = ctx.assume_durable(future::lazy(|_| 1), "at once").await; //= DX0001 suppressed
        self.0 * 2 + vouched
    }
}

mod inside {
    use duroxide::prelude::*;

    #[deterministic]
    pub(crate) async fn looked(ctx: &OrchestrationContext, n: u64) -> u64 {
        ctx.schedule_timer(Duration::from_secs(n)).await; //= DX0001 direct
        n
    }
}

type Amounts = BTreeMap<String, u64>;

#[orchestration]
async fn in_all_forms(
    ctx: &OrchestrationContext,
    amounts: Amounts, //= DX0106 alias
) -> Result<u64, String> {
    use inside::looked as look;
    extern crate duroxide as flows;
    let alias = look(ctx, 1).await; //= DX0001 alias
    let glob = {
        use inside::*;
        looked(ctx, 2).await //= DX0001 glob
    };
    let renamed = flows::join2(look(ctx, 3), look(ctx, 4)).await; //= DX0001 renamed
    let made = vec![look(ctx, 4).await]; //= DX0001 macro
    let call = |n| async move { look(ctx, n).await }; //= DX0001 closure
    let block = async { look(ctx, 5).await }.await; //= DX0001 async
    let all = [alias, glob, renamed.0, block, call(6).await];
    Ok(all.iter().chain(&made).sum::<u64>() + amounts.len() as u64)
}
