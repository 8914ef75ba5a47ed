//! What is done for an order. Each activity may run more than once: a crash after the work and
//! before the result is on disk cannot be told from one before the work. So each is written to be
//! done twice without harm.

use std::sync::atomic::{AtomicU32, Ordering};

use duroxide::prelude::*;
use examples::Folder;
use serde::{Deserialize, Serialize};

use crate::order::Order;

/// How many activities may still end before the process aborts; 0: it does not.
static ACTIVITIES_LEFT: AtomicU32 = AtomicU32::new(0);

/// What the bank said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payment {
    cents: u64,
    reference: String,
}

/// Aborts the process in the middle of the activity with that number.
pub(crate) fn crash_after(activities: Option<u32>) {
    ACTIVITIES_LEFT.store(activities.unwrap_or(0), Ordering::Relaxed);
}

#[activity]
pub(crate) async fn take_from_stock(
    ctx: &ActivityContext,
    folder: Folder,
    order: Order,
) -> Result<(), String> {
    if order.quantity == 0 {
        return Err(format!("order {} asks for nothing", order.id));
    }
    let taken = format!("{},{}", order.item, order.quantity);
    // Several activities look at the file and write to it: one at a time.
    let _one_at_a_time = STOCK.lock().await;
    folder.append_once("stock.csv", &ctx.idempotency_key(), &taken)?;
    end(ctx, &folder)
}

#[activity]
pub(crate) async fn charge(
    ctx: &ActivityContext,
    folder: Folder,
    order: Order,
) -> Result<Payment, String> {
    let payment = Payment {
        cents: order.total_cents()?,
        reference: ctx.idempotency_key(),
    };
    end(ctx, &folder)?;
    Ok(payment)
}

#[activity]
pub(crate) async fn write_receipt(
    ctx: &ActivityContext,
    folder: Folder,
    order: Order,
    payment: Payment,
) -> Result<String, String> {
    let name = format!("receipts/{}.txt", order.id);
    let text = format!(
        "Receipt {}\n{} x {} at {} cents\nPaid: {} cents ({})\n",
        order.id, order.quantity, order.item, order.cents, payment.cents, payment.reference
    );
    folder.replace(&name, text)?;
    end(ctx, &folder)?;
    Ok(name)
}

#[activity]
pub(crate) async fn book(
    ctx: &ActivityContext,
    folder: Folder,
    order: Order,
    payment: Payment,
) -> Result<(), String> {
    let sale = format!("{},{}", order.id, payment.cents);
    let _one_at_a_time = LEDGER.lock().await;
    folder.append_once("ledger.csv", &ctx.idempotency_key(), &sale)?;
    end(ctx, &folder)
}

/// How many sales are in the ledger.
pub(crate) fn sales(folder: &Folder) -> Result<usize, String> {
    Ok(folder.read("ledger.csv")?.lines().count())
}

static STOCK: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static LEDGER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The work is done, its result is not on disk yet: the worst moment for a crash. Every run leaves
/// a line, so that it can be seen from outside what ran how often, and which run began last: the
/// one with the largest epoch.
fn end(ctx: &ActivityContext, folder: &Folder) -> Result<(), String> {
    let run = format!(
        "{} {} {} {}",
        ctx.instance_id(),
        ctx.activity_id(),
        ctx.activity_name(),
        ctx.epoch()
    );
    folder.append("runs.log", &run)?;
    if ACTIVITIES_LEFT.load(Ordering::Relaxed) > 0
        && ACTIVITIES_LEFT.fetch_sub(1, Ordering::Relaxed) == 1
    {
        std::process::abort();
    }
    Ok(())
}
