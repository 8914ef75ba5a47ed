//! Lets time pass on the store's own clock, without sleeping: something is given back with a delay
//! and fetched again. Rules about turns use the queue of activities for it, and the other way round.

use std::time::Duration;

use crate::provider::{ActivityItem, TurnItem};

use super::assertions::fresh;
use super::driver::{Driver, LONG};

/// Measures by a delayed activity. No other activity may become available while time passes.
///
/// ```
/// use duroxide::provider::conformance::{ActivityClock, Driver, ProviderFactory};
///
/// /// Part of a rule: a short lease runs out, and nobody sleeps.
/// async fn let_a_lease_end(stores: &dyn ProviderFactory) {
///     let driver = Driver::new(stores).await;
///     let mut clock = ActivityClock::new(&driver).await;
///     clock.pass(&driver, driver.short()).await;
/// }
/// ```
#[derive(Debug)]
pub struct ActivityClock {
    item: ActivityItem,
}

impl ActivityClock {
    /// A clock; to be made while no other turn and no other activity is available.
    pub async fn new(driver: &Driver<'_>) -> Self {
        Self {
            item: driver.begin_activity(&fresh("clock")).await,
        }
    }

    /// Returns when `duration` has passed.
    pub async fn pass(&mut self, driver: &Driver<'_>, duration: Duration) {
        let given_back = driver
            .store
            .abandon_activity(&self.item.lock, duration, true);
        given_back.await.unwrap();
        let item = driver.activity_for(LONG).await;
        assert_eq!(item.lock.activity, self.item.lock.activity);
        self.item = item;
    }
}

/// Measures by a delayed turn. Other turns that are there meanwhile stay as they were.
///
/// ```
/// use duroxide::provider::conformance::{Driver, ProviderFactory, TurnClock};
///
/// /// Part of a rule: a short lease runs out, and nobody sleeps.
/// async fn let_a_lease_end(stores: &dyn ProviderFactory) {
///     let driver = Driver::new(stores).await;
///     let mut clock = TurnClock::new(&driver).await;
///     clock.pass(&driver, driver.short()).await;
/// }
/// ```
#[derive(Debug)]
pub struct TurnClock {
    item: TurnItem,
}

impl TurnClock {
    /// A clock.
    pub async fn new(driver: &Driver<'_>) -> Self {
        let clock = driver.start(&fresh("clock")).await;
        Self {
            item: driver.fetch_turn_of(&clock).await,
        }
    }

    /// Returns when `duration` has passed.
    pub async fn pass(&mut self, driver: &Driver<'_>, duration: Duration) {
        let given_back = driver.store.abandon_turn(&self.item.lock, duration, true);
        given_back.await.unwrap();
        self.item = driver.fetch_turn_of(&self.item.lock.instance).await;
    }
}
