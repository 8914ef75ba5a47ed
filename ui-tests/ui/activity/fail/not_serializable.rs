use duroxide::{ActivityContext, activity};

struct Order;
struct Receipt;
struct PaymentError;

#[activity]
async fn charge(_ctx: &ActivityContext, _order: Order) -> Result<Receipt, PaymentError> { //~ DX0004 direct
    Err(PaymentError)
}

#[activity]
async fn charge_all(_ctx: &ActivityContext, _a: u8, _orders: Vec<Order>) -> Result<(), String> {
    Ok(())
}

fn main() {}
