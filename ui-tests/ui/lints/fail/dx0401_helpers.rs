use duroxide::prelude::*;

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
async fn prices(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    let rate = pricing::rate(3);
    let clock = Clock::make();
    let local: Clock = Clock;
    let region = region!();
    ctx.schedule_timer(Duration::from_secs(rate)).await;
    let rates: Vec<_> = vec![n].into_iter().map(pricing::rate).collect();
    Ok(stamp() + local.read() + clock.read() + rates.len() as u64 + region.len() as u64)
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
