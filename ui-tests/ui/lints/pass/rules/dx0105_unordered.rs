use std::collections::{BTreeMap, HashMap};

use duroxide::prelude::*;

type Rates = HashMap<String, u64>;

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = HashMap::from([("a", 1)]);
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    for (name, rate) in &rates {
        //= DX0105 direct
        ctx.schedule_timer(Duration::from_secs(*rate)).await;
    }
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let first = rates.iter().next(); //= DX0105 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::collections::hash_map::*;
    let mut rates = HashMap::from([(1, 2)]);
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let first = rates.drain().next(); //= DX0105 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let all = vec![rates.keys().next()]; //= DX0105 macro
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let text = format!("{:?}", rates.values().next()); //= DX0105 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let first = || rates.values().next(); //= DX0105 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    let later = async {
        for rate in rates {} //= DX0105 async
    };
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    #[duroxide::allow(DX0105, reason = "all of them are the same")]
    {
        let inside = rates.keys().next(); //= DX0105 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0105, reason = "all of them are the same"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let rates = Rates::new();
    let anywhere = rates.keys().next();
    Ok(())
}

#[orchestration(name = "dx0105::instead")]
async fn instead(ctx: &OrchestrationContext, stock: BTreeMap<String, u64>) -> Result<u64, String> {
    let rates = Rates::new();
    for (name, rate) in duroxide::sorted(&rates) {
        ctx.schedule_timer(Duration::from_secs(*rate)).await;
    }
    for (name, left) in &stock {
        ctx.schedule_timer(Duration::from_secs(*left)).await;
    }
    Ok(rates.values().sum::<u64>() + rates.len() as u64)
}
