//! Timers: never early, never lost, never twice.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::history::{EventId, ExecutionId, Message};
use crate::provider::{TurnFetch, TurnItem};
use crate::time::Timestamp;

use super::assertions::{fresh, messages, only};
use super::clock::ActivityClock;
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn};

pub(super) const SOON: Duration = Duration::from_millis(60);
pub(super) const FAR: Timestamp = Timestamp::from_millis(u64::MAX);

pub(super) fn fired(execution: u64, source: u64, fire_at: Timestamp) -> Message {
    Message::TimerFired {
        execution_id: ExecutionId(execution),
        source: EventId(source),
        fire_at,
    }
}

/// A timer wakes a parked fetch when it is due, not before, and says whose it is.
pub async fn a_timer_fires_when_it_is_due(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(SOON);
    let id = driver.begin("a", |turn| turn.timer(due)).await;
    let item = driver.fetch().await;
    assert!(driver.now() >= due, "it is not {due} yet");
    assert_eq!(item.lock.instance, id);
    assert_eq!(messages(&item), [fired(1, 2, due)]);
    assert_eq!(
        (item.messages[0].attempt, item.last_event_id),
        (1, EventId(2))
    );
    driver.commit(&item, Turn::of(&item)).await;
    driver.expect_no_turn().await;
}

/// A timer is not early either when the store looks for work all the time before it is due.
pub async fn a_timer_is_not_early_in_a_busy_store(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(SOON);
    let id = driver.begin("a", |turn| turn.timer(due)).await;
    let mut fired = false;
    while !fired {
        driver.start(&fresh("busy")).await;
        for item in driver.fetch_up_to(ALL, LONG).await {
            fired |= item.lock.instance == id;
            driver.commit(&item, Turn::of(&item).complete("")).await;
        }
        assert!(!fired || driver.now() >= due, "it is not {due} yet");
    }
}

/// A timer that is due when it is set fires at once.
pub async fn a_timer_without_a_delay_fires_at_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let now = driver.now();
    driver
        .begin("a", |turn| turn.timer(Timestamp::ZERO).timer(now))
        .await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(messages(&driver.turn(|turn| turn).await));
    }
    assert_eq!(seen, [fired(1, 2, Timestamp::ZERO), fired(1, 3, now)]);
}

/// Timers fire in the order in which they are due, whatever the order in which they were set.
pub async fn timers_fire_in_the_order_of_their_due_times(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    let at = |tenths: u32| driver.at(SOON * tenths / 10);
    let due = [at(9), at(3), at(10), at(6), at(1)];
    driver
        .begin("a", |turn| due.into_iter().fold(turn, Turn::timer))
        .await;
    clock.pass(&driver, SOON * 2).await;
    let mut seen = Vec::new();
    while seen.len() < due.len() {
        seen.extend(messages(&driver.turn(|turn| turn).await));
    }
    let expected = [6, 3, 5, 2, 4]
        .map(|source: u64| fired(1, source, due[usize::try_from(source).unwrap() - 2]));
    assert_eq!(seen, expected);
}

/// Timers that are due at the same moment all fire.
pub async fn timers_of_the_same_moment_all_fire(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(Duration::from_millis(20));
    for id in ["a", "b"] {
        driver
            .begin(id, |turn| turn.timer(due).timer(due).timer(due))
            .await;
    }
    let mut seen = Vec::new();
    while seen.len() < 6 {
        let item = driver.turn(|turn| turn).await;
        let id = item.lock.instance.to_string();
        seen.extend(
            messages(&item)
                .into_iter()
                .map(|message| (id.clone(), message)),
        );
    }
    for id in ["a", "b"] {
        for source in 2..=4 {
            assert!(
                seen.contains(&(id.to_owned(), fired(1, source, due))),
                "{id} {source}"
            );
        }
    }
    driver.expect_no_turn().await;
}

/// A parked fetch wakes for a timer that was set behind its back, before a later one.
pub async fn an_earlier_timer_overtakes_a_later_one(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let far = driver.at(LONG);
    driver.begin("late", |turn| turn.timer(far)).await;
    let id = driver.start("early").await;
    let item = driver.fetch().await;
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    let due = driver.at(SOON);
    driver.commit(&item, Turn::of(&item).timer(due)).await;
    let woken = only(driver.patiently(parked).await.unwrap());
    assert_eq!(
        (woken.lock.instance.clone(), messages(&woken)),
        (id, vec![fired(1, 2, due)])
    );
    assert!(driver.now() >= due);
}

/// A timer at the end of time never fires, and breaks nothing.
pub async fn a_timer_at_the_end_of_time_never_fires(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.timer(FAR)).await;
    driver.expect_no_turn().await;
    let driver = driver.reopen().await;
    driver.expect_no_turn().await;
}

/// A timer that falls due while its instance is locked waits for the next lock.
pub async fn a_timer_during_a_lock_waits(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let mut clock = ActivityClock::new(&driver).await;
    let due = driver.at(SOON * 10);
    driver
        .begin("a", |turn| turn.timer(due).timer(Timestamp::ZERO))
        .await;
    let item = driver.fetch().await;
    assert_eq!(messages(&item), [fired(1, 3, Timestamp::ZERO)]);
    clock.pass(&driver, SOON * 11).await;
    driver.expect_no_turn().await;
    driver.commit(&item, Turn::of(&item)).await;
    assert_eq!(messages(&driver.fetch().await), [fired(1, 2, due)]);
}

/// Timers outlive the process: those that fell due meanwhile, and those to come.
pub async fn timers_survive_a_crash(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let (past, soon) = (Timestamp::ZERO, driver.at(SOON));
    driver.begin("a", |turn| turn.timer(soon).timer(past)).await;
    let driver = driver.reopen().await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(messages(&driver.turn(|turn| turn).await));
    }
    assert!(driver.now() >= soon);
    assert_eq!(seen, [fired(1, 3, past), fired(1, 2, soon)]);
    driver.expect_no_turn().await;
}

/// A timer that fired and was consumed does not fire again in a later life.
pub async fn a_consumed_timer_stays_consumed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.timer(Timestamp::ZERO)).await;
    driver.turn(|turn| turn).await;
    let driver = driver.reopen().await;
    driver.expect_no_turn().await;
}

/// A timer that fired and was not consumed is delivered again, also in a later life.
pub async fn a_fired_timer_is_kept_until_it_is_consumed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.timer(Timestamp::ZERO)).await;
    let seen: TurnItem = driver.fetch_for(driver.short()).await;
    let driver = driver.reopen().await;
    let again = driver.fetch().await;
    assert_eq!(messages(&again), messages(&seen));
    driver.commit(&again, Turn::idle(&again)).await;
    assert_eq!(messages(&driver.turn(|turn| turn).await), messages(&seen));
    driver.expect_no_turn().await;
}
