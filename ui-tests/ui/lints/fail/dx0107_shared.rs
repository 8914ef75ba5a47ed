use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use duroxide::prelude::*;
use state::TOTAL as SUM;

static COUNTER: AtomicU64 = AtomicU64::new(0);
static CACHE: LazyLock<Mutex<Vec<u64>>> = LazyLock::new(Mutex::default);

thread_local! {
    static DEPTH: Cell<u64> = const { Cell::new(0) };
}

mod state {
    pub(crate) static TOTAL: std::sync::Mutex<u64> = std::sync::Mutex::new(0);
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<u64, String> {
    static LOCAL: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed) + LOCAL.load(Ordering::Relaxed); //~ DX0107 direct
    ctx.schedule_timer(Duration::from_secs(DEPTH.get())).await;
    let total = state::TOTAL.lock().map_or(0, |total| *total);
    Ok(count + total + CACHE.lock().map_or(0, |it| it.len() as u64))
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let total = SUM.lock(); //~ DX0107 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use state::*;
    let total = TOTAL.lock(); //~ DX0107 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let all = vec![COUNTER.load(Ordering::Relaxed)]; //~ DX0107 macro
    let text = format!("{:?}", CACHE.lock()); //~ DX0107 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let count = || COUNTER.load(Ordering::Relaxed); //~ DX0107 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { COUNTER.load(Ordering::Relaxed) }; //~ DX0107 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0107, reason = "a metric")]
    let covered = COUNTER.fetch_add(1, Ordering::Relaxed);
    let uncovered = COUNTER.load(Ordering::Relaxed); //~ DX0107 suppressed
    Ok(())
}

fn main() {}
