//! The contract as tests: [`conformance_tests!`](crate::conformance_tests) runs every rule against
//! any store. Each rule is a function here, so that a failing one can be read and called alone.
//! Must not know: any particular store.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

pub mod activities;
pub mod activity_leases;
pub mod atomicity;
pub mod attempts;
pub mod cancelled_timers;
pub mod cancelling;
pub mod completions;
pub mod consuming;
pub mod continue_as_new;
pub mod corruption;
pub mod crowds;
pub mod endings;
pub mod events;
pub mod giving_back;
pub mod history;
pub mod inbox;
pub mod instances;
pub mod leases;
pub mod locking;
pub mod parking;
pub mod payloads;
pub mod refusals;
pub mod reopening;
pub mod timers;
pub mod waiting;

mod assertions;
mod clock;
mod driver;
mod factory;
mod rules;
mod turn;

pub use clock::{ActivityClock, TurnClock};
pub use driver::{ALL, Driver, LONG};
pub use factory::ProviderFactory;
pub use turn::{PINNED, Turn, failure, first_start};

/// Runs one rule, then asks the factory what the store says about itself.
pub async fn run(factory: &dyn ProviderFactory, rule: impl AsyncFnOnce(&dyn ProviderFactory)) {
    rule(factory).await;
    if let Err(problem) = factory.check().await {
        panic!("the rule holds, but the store reports: {problem}");
    }
}
