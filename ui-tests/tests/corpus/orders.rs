//! A web shop.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::ops::AddAssign;

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub id: u64,
    pub customer: String,
    pub lines: Vec<Line>,
    pub coupon: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    pub sku: String,
    pub quantity: u32,
    pub unit_price: Cents,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cents(pub u64);

impl AddAssign for Cents {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(0), |sum, it| Self(sum.0 + it.0))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum OrderError {
    OutOfStock(String),
    Declined { reason: String },
    Other(String),
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfStock(sku) => write!(f, "{sku} is out of stock"),
            Self::Declined { reason } => write!(f, "declined: {reason}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl<E: fmt::Display> From<CallError<E>> for OrderError {
    fn from(error: CallError<E>) -> Self {
        Self::Other(error.to_string())
    }
}

#[activity(timeout = "10s", retry(max_attempts = 4))]
pub async fn reserve(_ctx: &ActivityContext, sku: String, quantity: u32) -> Result<u64, String> {
    if quantity == 0 { Err(sku) } else { Ok(7) }
}

#[activity]
pub async fn release(_ctx: &ActivityContext, reservation: u64) -> Result<(), String> {
    let _ = reservation;
    Ok(())
}

#[activity]
pub async fn charge(
    _ctx: &ActivityContext,
    customer: String,
    total: Cents,
) -> Result<String, String> {
    Ok(format!("{customer}-{}", total.0))
}

#[activity]
pub async fn ship(_ctx: &ActivityContext, order: u64, parcels: usize) -> Result<String, String> {
    Ok(format!("{order}/{parcels}"))
}

#[activity]
pub async fn discount(_ctx: &ActivityContext, coupon: String) -> Result<u8, String> {
    u8::try_from(coupon.len()).map_err(|error| error.to_string())
}

impl Order {
    fn total(&self) -> Cents {
        self.lines.iter().map(Line::total).sum()
    }

    fn skus(&self) -> HashSet<&str> {
        self.lines.iter().map(|line| line.sku.as_str()).collect()
    }
}

impl Line {
    fn total(&self) -> Cents {
        Cents(self.unit_price.0 * u64::from(self.quantity))
    }
}

/// The whole way of an order.
///
/// # Errors
///
/// What keeps it from being shipped.
#[orchestration(name = "fulfil", version = "2.1.0")]
pub async fn fulfil(ctx: &OrchestrationContext, order: Order) -> Result<String, OrderError> {
    let mut reservations = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        match reserve(ctx, line.sku.clone(), line.quantity).await {
            Ok(reservation) => reservations.push(reservation),
            Err(CallError::Failed(_)) => {
                undo(ctx, &reservations).await;
                return Err(OrderError::OutOfStock(line.sku.clone()));
            }
            Err(other) => return Err(other.into()),
        }
    }
    let total = priced(ctx, &order).await?;
    if let Err(error) = charge(ctx, order.customer.clone(), total).await {
        undo(ctx, &reservations).await;
        return Err(OrderError::Declined {
            reason: error.to_string(),
        });
    }
    let parcels = order.skus().len().div_ceil(3);
    Ok(ship(ctx, order.id, parcels).await?)
}

#[deterministic]
async fn undo(ctx: &OrchestrationContext, reservations: &[u64]) {
    for reservation in reservations.iter().rev().copied() {
        if let Err(error) = release(ctx, reservation).attempts(10).await {
            trace_warn!(ctx, "reservation {reservation} is left behind: {error}");
        }
    }
}

#[deterministic]
async fn priced(ctx: &OrchestrationContext, order: &Order) -> Result<Cents, OrderError> {
    let total = order.total();
    let Some(coupon) = order.coupon.as_ref().filter(|it| !it.is_empty()) else {
        return Ok(total);
    };
    let percent = discount(ctx, coupon.clone()).await?;
    Ok(Cents(total.0 - total.0 * u64::from(percent) / 100))
}

/// Many orders, one after another in groups.
#[orchestration]
async fn fulfil_all(
    ctx: &OrchestrationContext,
    orders: Vec<Order>,
) -> Result<BTreeMap<u64, String>, String> {
    let mut shipped = BTreeMap::new();
    for group in orders.chunks(5) {
        let calls = group
            .iter()
            .map(|order| ship(ctx, order.id, order.lines.len()));
        for (order, result) in group.iter().zip(join_all(calls).await) {
            shipped.insert(order.id, result.unwrap_or_else(|error| error.to_string()));
        }
    }
    Ok(shipped)
}

/// Looks things up in a hash map, which has an order only for those who walk through it.
#[orchestration]
async fn restock(ctx: &OrchestrationContext, wanted: Vec<(String, u32)>) -> Result<u32, String> {
    let mut open: HashMap<String, u32> = wanted.iter().cloned().collect();
    let mut done = 0;
    for (sku, _) in &wanted {
        let Some(quantity) = open.remove(sku) else {
            continue;
        };
        reserve(ctx, sku.clone(), quantity).await?;
        done += quantity;
    }
    debug_assert!(open.is_empty());
    Ok(done + u32::from(open.contains_key("late")))
}

#[derive(Serialize, Deserialize, ExternalEvent)]
#[event(name = "cart")]
enum CartEvent {
    Add(Line),
    Remove { sku: String },
    CheckOut,
}

/// A cart that lives as long as its owner wants.
#[orchestration]
async fn cart(
    ctx: &OrchestrationContext,
    customer: String,
    mut lines: Vec<Line>,
) -> Result<Cents, String> {
    for _ in 0..100 {
        match ctx
            .timeout(
                Duration::from_secs(30 * 24 * 3600),
                ctx.wait_for::<CartEvent>(),
            )
            .await
        {
            Ok(Ok(CartEvent::Add(line))) => lines.push(line),
            Ok(Ok(CartEvent::Remove { sku })) => lines.retain(|line| line.sku != sku),
            Ok(Ok(CartEvent::CheckOut)) => {
                let total = lines.iter().map(Line::total).sum();
                charge(ctx, customer, total).await?;
                return Ok(total);
            }
            Ok(Err(unreadable)) => trace_error!(ctx, "{unreadable}"),
            Err(_elapsed) => return Err("abandoned".to_owned()),
        }
    }
    cart::continue_as_new(ctx, customer, lines).await
}
