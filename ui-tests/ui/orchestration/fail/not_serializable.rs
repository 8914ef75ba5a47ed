use duroxide::{OrchestrationContext, orchestration};

struct Order;
struct Receipt;

#[orchestration]
async fn fulfil(_ctx: &OrchestrationContext, _order: Order) -> Result<Receipt, std::io::Error> {
    Ok(Receipt)
}

fn main() {}
