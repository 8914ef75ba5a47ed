//! Taking timers back.

use crate::history::EventId;
use crate::provider::Timer;
use crate::time::Timestamp;

use super::assertions::messages;
use super::clock::ActivityClock;
use super::driver::Driver;
use super::timers::{FAR, SOON, fired};
use super::{ProviderFactory, Turn};

/// A cancelled timer never fires; others of the same instance do.
pub async fn a_cancelled_timer_never_fires(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    let due = driver.at(SOON * 10);
    driver
        .begin("a", |turn| {
            turn.timer(due).timer(due).timer(Timestamp::ZERO)
        })
        .await;
    let cancelled = Timer {
        fire_at: due,
        source: EventId(2),
    };
    driver.turn(|turn| turn.cancel_timer(cancelled)).await;
    clock.pass(&driver, SOON * 11).await;
    assert_eq!(
        messages(&driver.turn(|turn| turn).await),
        [fired(1, 3, due)]
    );
    driver.expect_no_turn().await;
}

/// What one turn sets and cancels never fires.
pub async fn a_timer_cancelled_by_its_own_turn_never_fires(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let timer = Timer {
        fire_at: Timestamp::ZERO,
        source: EventId(2),
    };
    driver
        .begin("a", |turn| turn.timer(timer.fire_at).cancel_timer(timer))
        .await;
    driver.expect_no_turn().await;
}

/// Cancelling a timer that fired before, or never was, is no error.
pub async fn cancelling_a_timer_that_is_not_there_is_no_error(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.timer(Timestamp::ZERO).schedule("x", ""))
        .await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).with(|commit| {
        for (source, fire_at) in [(2, Timestamp::ZERO), (2, FAR), (3, FAR), (99, FAR)] {
            let source = EventId(source);
            commit.cancelled_timers.push(Timer { fire_at, source });
        }
    });
    driver.commit(&item, turn).await;
    assert_eq!(driver.history(&id).await.len(), 4);
    driver.expect_no_turn().await;
}

/// A cancellation concerns its own instance, although others have the same timer.
pub async fn a_timer_of_another_instance_is_not_cancelled(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(SOON);
    driver.begin("b", |turn| turn.timer(due)).await;
    let timer = Timer {
        fire_at: due,
        source: EventId(2),
    };
    driver
        .begin("a", |turn| turn.timer(due).cancel_timer(timer))
        .await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(item.lock.instance.as_str(), "b");
    driver.expect_no_turn().await;
}
