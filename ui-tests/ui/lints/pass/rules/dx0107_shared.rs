use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use duroxide::prelude::*;
use state::TOTAL as SUM;

static COUNTER: AtomicU64 = AtomicU64::new(0);
static NAMES: [&str; 2] = ["a", "b"];

mod state {
    pub(crate) static TOTAL: std::sync::Mutex<u64> = std::sync::Mutex::new(0);
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    COUNTER.fetch_add(1, Ordering::Relaxed); //= DX0107 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    let total = SUM.is_poisoned(); //= DX0107 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use state::*;
    #[duroxide::allow(DX0107, reason = "a metric")]
    let total = TOTAL.is_poisoned(); //= DX0107 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    let all = vec![COUNTER.load(Ordering::Relaxed)]; //= DX0107 macro
    #[duroxide::allow(DX0107, reason = "a metric")]
    let text = format!("{:?}", SUM.lock()); //= DX0107 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    let count = || COUNTER.load(Ordering::Relaxed); //= DX0107 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    let later = async { COUNTER.load(Ordering::Relaxed) }; //= DX0107 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    {
        COUNTER.fetch_add(1, Ordering::Relaxed); //= DX0107 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0107, reason = "a metric"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    COUNTER.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

#[orchestration(name = "dx0107::instead")]
async fn instead(ctx: &OrchestrationContext, counter: u64) -> Result<u64, String> {
    let own = Mutex::new(counter);
    let shared = own.lock().map_or(0, |it| *it);
    Ok(shared + NAMES.len() as u64)
}
