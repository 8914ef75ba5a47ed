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
use examples::{Folder, say, with_causes};
use tracing_subscriber::filter::LevelFilter;

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
    /// The file of the store, seen from the work folder.
    #[arg(long, value_name = "FILE", default_value = "orders.redb")]
    store: String,
    /// Give a store that is away all the time it needs, and do not end with an error.
    #[arg(long)]
    insist: bool,
    /// For how long work belongs to somebody who is silent.
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    lease: u64,
    /// Log to standard error: `warn` shows when the store is away, `info` also when it is back.
    #[arg(long, value_name = "LEVEL")]
    log: Option<LevelFilter>,
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
            eprintln!("order_processing: {}", with_causes(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn process(args: Args) -> Result<(), Box<dyn Error>> {
    crash_after(args.crash_after);
    if let Some(level) = args.log {
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .init();
    }
    let folder = Folder::create(args.work)?;
    let orders = Order::all(&folder, args.orders)?;

    let lease = Duration::from_millis(args.lease);
    let mut options = RuntimeOptions {
        orchestrator_lock_timeout: lease,
        worker_lock_timeout: lease,
        ..RuntimeOptions::default()
    };
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
        .store(folder.store_with(&args.store, store)?)
        .options(options)
        .start()
        .await?;
    let client = runtime.client();
    let mut handles = Vec::new();
    for order in orders {
        let id = format!("order-{}", order.id);
        let handle = loop {
            let start = fulfil::start(&client, folder.clone(), order.clone());
            match start.id(&id).if_absent().await {
                // Nobody knows whether it was started; the same start again is harmless.
                Err(error) if args.insist && error.is_retryable() => {
                    eprintln!("order_processing: {}", with_causes(&error));
                }
                started => break started?,
            }
        };
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
