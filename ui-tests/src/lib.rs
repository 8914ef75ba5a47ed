//! A crate that uses the macros rightly, to which compiler and clippy have nothing to say: public
//! items, every lint of the workspace and more.
//!
//! ```edition2021
//! #![deny(warnings)]
//! use duroxide::{ActivityContext, OrchestrationContext, activity, orchestration};
//!
//! #[activity]
//! async fn add(_ctx: &ActivityContext, a: u32, b: u32) -> Result<u32, String> {
//!     Ok(a + b)
//! }
//!
//! #[orchestration]
//! async fn sum(ctx: &OrchestrationContext, a: u32) -> Result<u32, String> {
//!     Ok(add(ctx, a, 1).await?)
//! }
//! ```

#![deny(warnings, clippy::pedantic, clippy::nursery)]
#![deny(clippy::exhaustive_structs, clippy::missing_docs_in_private_items)]
#![deny(missing_copy_implementations, let_underscore_drop)]
#![deny(single_use_lifetimes, unused_lifetimes, unused_results)]
#![forbid(unsafe_code)]

use std::fmt;

use duroxide::{ActivityContext, OrchestrationContext, activity, orchestration};
use serde::{Deserialize, Serialize};

/// An order.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Order {
    /// Its number.
    pub id: u64,
}

/// A receipt that stays in this crate.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Receipt {
    /// The order's.
    id: u64,
}

/// Why a payment failed.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub enum PaymentError {
    /// The bank said no.
    Declined,
}

impl fmt::Display for PaymentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bank said no")
    }
}

/// Charges the card.
///
/// # Errors
///
/// [`PaymentError::Declined`]
#[activity]
pub async fn charge_card(
    _ctx: &ActivityContext,
    order: Order,
    cents: u64,
) -> Result<Receipt, PaymentError> {
    if cents == 0 {
        return Err(PaymentError::Declined);
    }
    Ok(Receipt { id: order.id })
}

/// Nobody calls it by its name here, but by its name in the store.
#[activity]
async fn lonely(_ctx: &ActivityContext, note: String) -> Result<usize, String> {
    Ok(note.len())
}

/// Fulfils the order.
///
/// # Errors
///
/// What the bank said.
#[orchestration(version = "1.2.0")]
pub async fn fulfil_order(ctx: &OrchestrationContext, order: Order) -> Result<Receipt, String> {
    let charge_card = charge_card(ctx, order, 990).await?;
    if charge_card.id == 0 {
        return fulfil_order::continue_as_new(ctx, order).await;
    }
    Ok(charge_card)
}

/// Not for the outside.
mod inside {
    use super::{ActivityContext, OrchestrationContext, Receipt, activity, orchestration};

    /// By value, as is allowed.
    #[activity(name = "inside::look")]
    pub(crate) async fn look(ctx: ActivityContext, receipt: Receipt) -> Result<String, String> {
        Ok(format!("{} {}", ctx.attempt(), receipt.id))
    }

    /// By value as well.
    #[orchestration]
    pub(super) async fn look_twice(
        ctx: OrchestrationContext,
        receipt: Receipt,
    ) -> Result<(String, String), String> {
        let first = look(&ctx, receipt).await?;
        Ok((first, look(&ctx, receipt).await?))
    }
}
