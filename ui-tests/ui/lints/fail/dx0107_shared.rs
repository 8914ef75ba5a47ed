use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use duroxide::prelude::*;

static COUNTER: AtomicU64 = AtomicU64::new(0);
static CACHE: LazyLock<Mutex<Vec<u64>>> = LazyLock::new(Mutex::default);

thread_local! {
    static DEPTH: Cell<u64> = const { Cell::new(0) };
}

mod state {
    pub(crate) static TOTAL: std::sync::Mutex<u64> = std::sync::Mutex::new(0);
}

#[orchestration]
async fn counts(ctx: &OrchestrationContext) -> Result<u64, String> {
    static LOCAL: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed) + LOCAL.load(Ordering::Relaxed);
    ctx.schedule_timer(Duration::from_secs(DEPTH.get())).await;
    let total = state::TOTAL.lock().map_or(0, |total| *total);
    Ok(count + total + CACHE.lock().map_or(0, |it| it.len() as u64))
}

fn main() {}
