use duroxide::prelude::*;

use pricing::rate as quoted;

#[path = "pricing/mod.rs"]
mod pricing;

struct Clock;

impl Clock {
    fn read(&self) -> u64 {
        let now = std::time::SystemTime::now();
        now.elapsed().map_or(0, |it| it.as_secs())
    }

    fn make() -> Self {
        Self
    }
}

macro_rules! region {
    () => {
        std::env::var("REGION").unwrap_or_default()
    };
}

fn stamp() -> u64 {
    Clock.read()
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    let rate = pricing::rate(3); //~ DX0401 direct
    let clock = Clock::make();
    let local: Clock = Clock;
    let region = region!();
    ctx.schedule_timer(Duration::from_secs(rate)).await;
    let rates: Vec<_> = vec![n].into_iter().map(pricing::rate).collect();
    Ok(stamp() + local.read() + clock.read() + rates.len() as u64 + region.len() as u64)
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let rate = quoted(3); //~ DX0401 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use pricing::*;
    let rate = rate(3); //~ DX0401 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![stamp()]; //~ DX0401 macro
    let text = format!("{}", stamp()); //~ DX0401 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let rate = |n| pricing::rate(n); //~ DX0401 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { stamp() }; //~ DX0401 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let covered = stamp();
    let uncovered = stamp(); //~ DX0401 suppressed
    Ok(())
}

struct Prices;

impl Prices {
    #[deterministic]
    async fn all(&self, ctx: &OrchestrationContext) -> u64 {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        self.one() + Self::other()
    }

    fn one(&self) -> u64 {
        Self::other()
    }

    fn other() -> u64 {
        u64::from(std::process::id())
    }
}

fn main() {}
