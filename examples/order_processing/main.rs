//! Processes a list of orders: real files in, real files out, whatever happens in between.
//!
//! `cargo run --example order_processing` reads `orders.csv` of its work folder (written with a few
//! orders if it is missing), and for each order takes the items from the stock, charges the
//! customer, writes a receipt and books the sale in the ledger. With `--crash-after N` the process
//! aborts in the middle of the Nth activity; run it again without, and it finishes: no order is
//! lost, no sale is booked twice.

mod activities;
mod order;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use duroxide::join2;
use duroxide::prelude::*;
use duroxide::storage::redb::Commits;
use examples::{Folder, say};

use activities::{book, charge, crash_after, sales, take_from_stock, write_receipt};
use order::Order;

/// Processes the orders of a folder.
#[derive(Debug, Parser)]
struct Args {
    /// Where `orders.csv` lies and everything is written.
    #[arg(long, default_value = "order_processing.work")]
    work: PathBuf,
    /// How many orders to make up if there is no `orders.csv`.
    #[arg(long, default_value_t = 12)]
    orders: u32,
    /// Abort the process in the middle of the activity with this number.
    #[arg(long, value_name = "N")]
    crash_after: Option<u32>,
    /// Replay every turn from its history, as after a crash.
    #[arg(long)]
    replay_always: bool,
    /// Make what is done durable as records of a journal. The next run may do without.
    #[arg(long)]
    journal: bool,
}

/// One order, from the list to the ledger. Gives the place of the receipt.
#[orchestration]
async fn fulfil(
    ctx: &OrchestrationContext,
    folder: Folder,
    order: Order,
) -> Result<String, String> {
    take_from_stock(ctx, folder.clone(), order.clone()).await?;
    let paid = charge(ctx, folder.clone(), order.clone()).await?;
    // The bank wants a moment before it confirms.
    ctx.schedule_timer(Duration::from_millis(20)).await;
    let receipt = write_receipt(ctx, folder.clone(), order.clone(), paid.clone());
    let booking = book(ctx, folder, order, paid);
    let (receipt, booking) = join2(receipt, booking).await;
    booking?;
    Ok(receipt?)
}

#[tokio::main]
async fn main() -> ExitCode {
    match process(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("order_processing: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn process(args: Args) -> Result<(), Box<dyn Error>> {
    crash_after(args.crash_after);
    let folder = Folder::create(args.work)?;
    let orders = Order::all(&folder, args.orders)?;

    let mut options = RuntimeOptions::default();
    if args.replay_always {
        options.live_instances = 0;
    }
    let commits = if args.journal {
        Commits::Journal
    } else {
        Commits::Tables
    };
    let store = RedbProvider::options().commits(commits);
    let runtime = Runtime::builder()
        .store(folder.store_with("orders.redb", store)?)
        .options(options)
        .start()
        .await?;
    let client = runtime.client();
    let mut handles = Vec::new();
    for order in orders {
        let id = format!("order-{}", order.id);
        let handle = fulfil::start(&client, folder.clone(), order)
            .id(&id)
            .if_absent()
            .await?;
        // From here on the order cannot be lost any more.
        say!(
            "{} {id}",
            if handle.created() {
                "accepted"
            } else {
                "known"
            }
        );
        handles.push(handle);
    }
    for handle in handles {
        say!("done {} {}", handle.id(), handle.result().await?);
    }
    say!(
        "{} sales in {}",
        sales(&folder)?,
        folder.path("ledger.csv").display()
    );
    runtime.shutdown(None).await;
    Ok(())
}
