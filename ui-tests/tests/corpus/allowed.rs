//! What somebody vouches for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use duroxide::prelude::*;

static STARTED: AtomicU64 = AtomicU64::new(0);

fn region() -> String {
    std::env::var("REGION").unwrap_or_default()
}

#[orchestration(allow(DX0105, reason = "the order reaches no action"))]
async fn vouched(ctx: &OrchestrationContext, n: u64) -> Result<u64, String> {
    let map = HashMap::from([(1_u64, 2_u64)]);
    let mut sum = 0;
    for (a, b) in &map {
        sum += a + b;
    }
    #[duroxide::allow(DX0101, reason = "only measured")]
    let began = Instant::now();
    ctx.schedule_timer(Duration::from_secs(n)).await;
    #[duroxide::allow(DX0101, reason = "only measured")]
    let took = began.elapsed();
    #[duroxide::allow(DX0101, DX0201, reason = "a note for the operator of this worker")]
    {
        println!("{took:?} {:?}", SystemTime::now());
    }
    #[duroxide::allow(DX0202, reason = "it is asked for by a branch that nobody takes")]
    ctx.schedule_timer(Duration::from_secs(1)); //= DX0202 suppressed
    #[duroxide::allow(DX0107, reason = "a metric")]
    STARTED.fetch_add(1, Ordering::Relaxed);
    #[duroxide::allow(DX0401, reason = "all workers are in one region")]
    let here = region();
    #[duroxide::allow(DX0110, reason = "all workers are in one region")]
    let there = region();
    Ok(sum + (here.len() + there.len()) as u64)
}

/// The order of what is stored is nobody's business: it is looked up only.
#[orchestration(allow(DX0106, DX0202, reason = "only looked up"))]
async fn looked_up(
    ctx: &OrchestrationContext,
    prices: HashMap<String, u64>, //= DX0106 suppressed
) -> Result<Option<u64>, String> {
    ctx.schedule_timer(Duration::from_secs(1)); //= DX0202 direct
    Ok(prices.get("pears").copied())
}

#[deterministic(allow(DX0101, reason = "only measured"))]
fn measured() -> Instant {
    Instant::now()
}

#[deterministic]
async fn helper(ctx: &OrchestrationContext) {
    let before = measured();
    ctx.schedule_timer(Duration::from_secs(1)).await;
    #[duroxide::allow(DX0203, reason = "it is cancelled from outside")]
    loop {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        assert!(before < measured(), "time went on");
    }
}
