//! What `#[derive(ExternalEvent)]` makes.

#![deny(warnings)]
#![forbid(unsafe_code)]

use duroxide::{Client, ClientError, ExternalEvent, OrchestrationContext, orchestration};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, ExternalEvent)]
struct Approval {
    by: String,
}

/// Renamed since it was first sent.
#[derive(Serialize, Deserialize, ExternalEvent)]
#[event(name = "cart::item")]
#[serde(rename_all = "snake_case")]
enum CartEvent {
    Added(String),
    CheckedOut,
}

#[orchestration]
async fn shop(ctx: &OrchestrationContext) -> Result<String, String> {
    let mut items = Vec::new();
    while let CartEvent::Added(item) = ctx.wait_for().await? {
        items.push(item);
    }
    let approval = ctx.wait_for::<Approval>().await?;
    Ok(format!("{items:?} by {}", approval.by))
}

async fn from_outside(client: &Client) -> Result<(), ClientError> {
    let cart = shop::start(client).id("cart-7").await?;
    cart.raise(CartEvent::Added("apples".to_owned())).await?;
    cart.raise(CartEvent::CheckedOut).await?;
    let by = "ann".to_owned();
    shop::handle(client, "cart-7").raise(Approval { by }).await
}

pub(crate) fn main() {
    assert_eq!(Approval::NAME, "Approval");
    assert_eq!(CartEvent::NAME, "cart::item");
    let _ = from_outside;
}
