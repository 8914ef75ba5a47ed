//! Code that changes while instances run: two versions side by side, a loop that moves to the next
//! version when it starts over, and a patch inside of one version.
//!
//! `cargo run --example versioned` first runs the program of last year, which leaves three instances
//! in the middle of their work; then today's, which goes on with them and starts new ones. Kill it at
//! any moment and run it again. Delete `versioned.work` to begin anew.

mod last_year;
#[cfg(test)]
mod tests;

use duroxide::ExternalEvent;
use duroxide::prelude::*;
use examples::{Folder, say};
use serde::{Deserialize, Serialize};

/// What all instances wait for.
#[derive(Debug, Serialize, Deserialize, ExternalEvent)]
#[event(name = "go")]
struct Go;

#[activity]
async fn check(_ctx: &ActivityContext, number: u64) -> Result<(), String> {
    say!("today: {number} is checked");
    Ok(())
}

#[activity]
async fn pack(_ctx: &ActivityContext, number: u64) -> Result<(), String> {
    say!("today: {number} is packed");
    Ok(())
}

#[activity]
async fn ship(_ctx: &ActivityContext, number: u64) -> Result<(), String> {
    say!("today: {number} is shipped");
    Ok(())
}

/// The old version stays as long as instances run on it. Those of last year are pinned to it.
#[orchestration(name = "order", version = "1.0.0")]
async fn order_v1(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    pack(ctx, number).await?;
    ctx.set_custom_status("packed");
    ctx.wait_for::<Go>().await?;
    ship(ctx, number).await?;
    Ok(2)
}

/// The new version beside it, with one step more. Gives the number of its steps.
#[orchestration(name = "order", version = "2.0.0")]
async fn order(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    check(ctx, number).await?;
    pack(ctx, number).await?;
    ctx.set_custom_status("packed");
    ctx.wait_for::<Go>().await?;
    ship(ctx, number).await?;
    Ok(3)
}

/// A loop moves to the next version when it starts over. What no history has reached yet, the end of
/// this function, may be changed in place.
#[orchestration(name = "subscription", version = "1.0.0")]
async fn subscription_v1(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    pack(ctx, number).await?;
    ctx.set_custom_status("packed");
    ctx.wait_for::<Go>().await?;
    subscription::continue_as_new(ctx, number).await
}

#[orchestration(name = "subscription", version = "2.0.0")]
async fn subscription(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    check(ctx, number).await?;
    ship(ctx, number).await?;
    Ok(4)
}

/// One version with a patch: no for an instance that came by before the patch was there.
#[orchestration]
async fn parcel(ctx: &OrchestrationContext, number: u64) -> Result<u64, String> {
    let is_checked = ctx.patched("check-before-packing");
    if is_checked {
        check(ctx, number).await?;
    }
    pack(ctx, number).await?;
    ctx.set_custom_status("packed");
    ctx.wait_for::<Go>().await?;
    ship(ctx, number).await?;
    Ok(if is_checked { 3 } else { 2 })
}

#[tokio::main]
async fn main() -> examples::Result {
    let work = Folder::of("versioned")?;
    let store = work.store("store.redb")?;
    // So that a kill does not bring last year's program back.
    if work.read("deployed")?.is_empty() {
        last_year::run(store.clone()).await?;
        work.replace("deployed", "today's program\n")?;
        say!("a new version is deployed");
    }
    let runtime = Runtime::builder().store(store).start().await?;
    examples::run(runtime, async |client| {
        let instances = [
            order_v1::handle(&client, "order-1"),
            order::start(&client, 4).id("order-4").if_absent().await?,
            parcel::handle(&client, "parcel-2"),
            parcel::start(&client, 5).id("parcel-5").if_absent().await?,
            subscription::handle(&client, "subscription-3"),
        ];
        for instance in &instances {
            instance.raise(Go).await?;
        }
        for instance in instances {
            let steps = instance.result().await?;
            let version = instance.info().await?.orchestration_version;
            say!("{}: version {version}, {steps} steps", instance.id());
        }
        Ok(())
    })
    .await
}
