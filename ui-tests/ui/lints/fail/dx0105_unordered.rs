use std::collections::{HashMap, HashSet};

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

type Rates = HashMap<String, u64>;

#[derive(Serialize, Deserialize)]
struct Cart {
    items: Rates,
}

#[orchestration]
async fn walks(ctx: &OrchestrationContext, cart: Cart) -> Result<u64, String> {
    let names: HashSet<String> = cart.items.keys().cloned().collect();
    for (item, price) in &cart.items {
        let _ = (item, price);
        ctx.schedule_timer(Duration::from_secs(*price)).await;
    }
    for name in names {
        ctx.schedule_timer(Duration::from_secs(name.len() as u64)).await;
    }
    let first = cart.items.iter().next();
    let prices: Vec<_> = cart.items.values().collect();
    Ok(first.map_or(0, |(_, price)| *price) + prices.len() as u64)
}

#[orchestration]
async fn stored(_ctx: &OrchestrationContext, prices: HashMap<String, u64>, rates: Rates) -> Result<usize, String> {
    Ok(prices.len() + rates.len())
}

#[activity]
async fn stored_too(_ctx: &ActivityContext, tags: Vec<HashSet<String>>) -> Result<usize, String> {
    Ok(tags.len())
}

fn main() {}
