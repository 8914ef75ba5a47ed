//! What looks like something that differs on replay, and does not.

use std::collections::{BTreeMap, HashMap};
use std::time::UNIX_EPOCH;

use dice::Rng;
use duroxide::prelude::*;
use uuid::Uuid;

/// Time as this shop knows it.
struct SystemTime(u64);

impl SystemTime {
    fn now() -> Self {
        Self(7)
    }

    fn elapsed(self) -> u64 {
        self.0
    }
}

mod env {
    pub fn var(name: &str) -> &str {
        name
    }
}

mod fs {
    pub fn read(name: &str) -> usize {
        name.len()
    }
}

const LIMIT: u64 = 20;
static NAMES: [&str; 2] = ["a", "b"];
const OWNED: String = String::new();

macro_rules! price {
    ($cents:expr) => {
        $cents * 2
    };
}

fn helper(names: &[&str]) -> usize {
    names.iter().map(|it| it.len()).sum::<usize>() + names.len()
}

/// Adds up to the same in any order.
fn stocked(stock: &HashMap<&str, u64>) -> u64 {
    stock.values().sum::<u64>() + most(stock) + added(stock)
}

fn most(stock: &HashMap<&str, u64>) -> u64 {
    stock.values().copied().max().unwrap_or(0)
}

#[deterministic]
fn added(stock: &HashMap<&str, u64>) -> u64 {
    stock.values().sum()
}

fn sleep(d: Duration) -> Duration {
    d
}

#[orchestration]
async fn look_alikes(ctx: &OrchestrationContext, seed: u64) -> Result<u64, String> {
    let now = SystemTime::now();
    let mut random = Rng::with_seed(seed);
    let id = Uuid::from_u128(u128::from(random.u64(..)));
    let since = ctx
        .now()
        .duration_since(UNIX_EPOCH)
        .map_err(|it| it.to_string())?;
    ctx.schedule_timer(sleep(Duration::from_secs(LIMIT))).await;
    let owned = OWNED;
    let mut stock = HashMap::from([("pears", 3_u64)]);
    stock.insert("apples", 5);
    let count = stock.values().filter(|it| **it > 1).count() as u64;
    let total: u64 = stock.values().sum::<u64>() + stocked(&stock);
    let total: u64 = stock.values().map(|it| it + total).sum();
    let has = stock.keys().any(|it| *it == "pears") && stock.contains_key("apples");
    let ordered: BTreeMap<_, _> = stock.iter().collect();
    for (name, n) in &ordered {
        ctx.schedule_timer(Duration::from_secs(name.len() as u64 + **n))
            .await;
    }
    for (_, n) in duroxide::sorted(&stock) {
        ctx.schedule_timer(Duration::from_secs(*n)).await;
    }
    let rest: Vec<_> = Vec::from([1_u64]);
    let sum: u64 = rest.iter().sum();
    let names = NAMES.iter().map(|it| it.len()).sum::<usize>() + helper(&NAMES);
    let env = env::var("x").len() + fs::read("y") + owned.len() + names;
    let mut made = Default::default();
    for it in [1_u64, 2] {
        made = it;
    }
    let spawn = |n: u64| n + 1;
    if has {
        trace_info!(ctx, "{} {:?} {}", id, since, made);
    }
    Ok(count + total + price!(sum) + spawn(env as u64) + now.elapsed())
}

#[orchestration]
async fn rounds(ctx: &OrchestrationContext, round: u64) -> Result<(), String> {
    let mut left = 10;
    loop {
        ctx.schedule_timer(Duration::from_secs(1)).await;
        left -= 1;
        if left == 0 {
            return rounds::continue_as_new(ctx, round + 1).await;
        }
    }
}
