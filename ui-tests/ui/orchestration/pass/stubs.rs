//! What `#[orchestration]` makes.

#![deny(warnings)]
#![forbid(unsafe_code)]

use duroxide::registry::{Handler, Registered};
use duroxide::{Client, ClientError, OrchestrationContext, OrchestrationError, orchestration};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Order(u8);

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("out of stock")]
struct OutOfStock;

#[orchestration]
async fn none(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

/// Fulfils it.
#[orchestration(name = "fulfil_order", version = "2.0.0-beta.1")]
async fn fulfil(ctx: &OrchestrationContext, mut order: Order) -> Result<u8, OutOfStock> {
    if order.0 == 0 {
        order.0 += 1;
        return fulfil::continue_as_new(ctx, order).await;
    }
    Ok(order.0)
}

#[orchestration(name = "fulfil_order", version = "1.0.0")]
#[deprecated = "the stock is not asked"]
async fn fulfil_v1(ctx: OrchestrationContext, order: Order) -> Result<u8, OutOfStock> {
    let _ = (ctx.instance_id(), order.0);
    Err(OutOfStock)
}

#[orchestration]
async fn same_names(
    orchestration: &OrchestrationContext,
    client: u8,
    ctx: u8,
    id: u8,
    #[serde(default)] args: u8,
) -> Result<u8, String> {
    if client == 0 {
        return same_names::continue_as_new(orchestration, client, ctx, id, args).await;
    }
    Ok(client + ctx + id + args)
}

// The names of what it makes are free for orchestrations as well.
#[orchestration]
async fn start(_ctx: &OrchestrationContext) -> Result<(), String> {
    Ok(())
}

async fn from_outside(client: &Client) -> Result<u8, OrchestrationError<OutOfStock>> {
    let handle = fulfil::start(client, Order(1))
        .id("a")
        .version("1.0.0")
        .if_absent()
        .await?;
    let _ = same_names::start(client, 1, 2, 3, 4).await?;
    let _ = start::start(client).await?.result().await;
    fulfil::handle(client, handle.id()).result().await
}

async fn outside_the_module(client: &Client) -> Result<String, ClientError> {
    let handle = inside::look::start(client, "x".to_owned()).await?;
    let again = inside::look::handle(client, "x".to_owned());
    Ok(format!("{}{}", handle.id(), again.id()))
}

mod inside {
    use duroxide::{OrchestrationContext, orchestration};

    #[orchestration]
    pub(super) async fn look(_ctx: &OrchestrationContext, at: String) -> Result<String, String> {
        Ok(at)
    }
}

pub(crate) fn main() {
    let _ = (from_outside, outside_the_module);
    for (registration, name, version) in [
        (none::registration(), "none", "1.0.0"),
        (fulfil::registration(), "fulfil_order", "2.0.0-beta.1"),
        (fulfil_v1::registration(), "fulfil_order", "1.0.0"),
    ] {
        assert_eq!((registration.name, registration.version), (name, version));
        assert_eq!(registration.module, module_path!());
        assert!(matches!(registration.handler, Handler::Orchestration(_)));
    }
}
