use std::collections::HashMap;

use duroxide::prelude::*;

type Rates = HashMap<String, u64>;

#[orchestration]
async fn stored(
    _ctx: &OrchestrationContext,
    rates: Rates, //~ DX0106 alias
) -> Result<usize, String> {
    Ok(rates.len())
}

fn main() {}
