//! The contract as tests: [`conformance_tests!`](crate::conformance_tests) runs every rule against
//! any store. Each rule is a function here, so that a failing one can be read and called alone.
//! Must not know: any particular store.

#![expect(
    clippy::arithmetic_side_effects,
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
pub mod cancel_requests;
pub mod cancelled_timers;
pub mod cancelling;
pub mod children;
pub mod completions;
pub mod consuming;
pub mod continue_as_new;
pub mod corruption;
pub mod crowds;
pub mod custom_status;
pub mod deleted_work;
pub mod deletion;
pub mod detached;
pub mod endings;
pub mod events;
pub mod executions;
pub mod giving_back;
pub mod history;
pub mod inbox;
pub mod instances;
pub mod leases;
pub mod listing;
pub mod locking;
pub mod messages;
pub mod outages;
pub mod parking;
pub mod payloads;
pub mod pruning;
pub mod refusals;
pub mod reopening;
pub mod semantics;
pub mod session_claims;
pub mod session_order;
pub mod sessions;
pub mod statistics;
pub mod tags;
pub mod timers;
pub mod values;
pub mod waiting;
pub mod wrong_commits;

mod asking;
mod assertions;
mod clock;
mod driver;
mod factory;
mod rules;
mod turn;
mod workers;

pub use clock::{ActivityClock, TurnClock};
pub use driver::{ALL, Driver, LONG};
pub use factory::ProviderFactory;
pub use turn::{PINNED, Turn, failure, first_start};
pub use workers::{one_for, one_of, owner};

/// Runs one rule, then asks the factory what the store says about itself.
///
/// ```
/// use duroxide::provider::conformance::{self, ProviderFactory, leases};
///
/// /// One rule alone, as when it has failed.
/// async fn check(stores: &dyn ProviderFactory) {
///     conformance::run(stores, leases::renewing_never_shortens_a_lease).await;
/// }
/// ```
pub async fn run(factory: &dyn ProviderFactory, rule: impl AsyncFnOnce(&dyn ProviderFactory)) {
    rule(factory).await;
    if let Err(problem) = factory.check().await {
        panic!("the rule holds, but the store reports: {problem}");
    }
}
