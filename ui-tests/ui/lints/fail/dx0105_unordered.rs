use std::collections::{HashMap, HashSet};

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

type Rates = HashMap<String, u64>;

#[derive(Serialize, Deserialize)]
struct Cart {
    items: Rates,
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext, cart: Cart) -> Result<u64, String> {
    let names: HashSet<String> = cart.items.keys().cloned().collect();
    for (item, price) in &cart.items {
        let _ = (item, price);
        ctx.schedule_timer(Duration::from_secs(*price)).await;
    }
    for name in names { //~ DX0105 direct
        ctx.schedule_timer(Duration::from_secs(name.len() as u64)).await;
    }
    let first = cart.items.iter().next();
    let prices: Vec<_> = cart.items.values().collect();
    Ok(first.map_or(0, |(_, price)| *price) + prices.len() as u64)
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    let first = rates.iter().next(); //~ DX0105 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::collections::hash_map::*;
    let mut rates = HashMap::from([(1, 2)]);
    let first = rates.drain().next(); //~ DX0105 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    let all = vec![rates.keys().next()]; //~ DX0105 macro
    let text = format!("{:?}", rates.values().next()); //~ DX0105 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    let first = || rates.values().next(); //~ DX0105 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    let later = async {
        for rate in rates {} //~ DX0105 async
    };
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let covered = rates.keys().next();
    let uncovered = rates.keys().next(); //~ DX0105 suppressed
    Ok(())
}

fn main() {}
