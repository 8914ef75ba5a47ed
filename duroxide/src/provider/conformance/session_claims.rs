//! How long a claim on a session lasts, and what happens behind it. Time passes on the clock of
//! turns, without sleeping.

use std::time::Duration;

use futures_util::FutureExt as _;

use crate::provider::{ActivityFetch, SessionFetch};

use super::assertions::only;
use super::clock::TurnClock;
use super::driver::{Driver, LONG};
use super::{ProviderFactory, one_for, owner};

/// How long a claim lasts that ends during a test: long enough for a few calls on a busy machine.
fn claim(driver: &Driver<'_>) -> Duration {
    driver.short() * 4
}

/// The terms of an owner whose claims end during a test.
fn short_claim(driver: &Driver<'_>, id: &str) -> SessionFetch {
    SessionFetch {
        lock_timeout: claim(driver),
        ..owner(id)
    }
}

async fn renew(driver: &Driver<'_>, owners: &[&str], lock: Duration, idle: Duration) -> usize {
    let owners: Vec<String> = owners.iter().map(|&id| id.to_owned()).collect();
    let renewed = driver.store.renew_sessions(&owners, lock, idle);
    renewed.await.unwrap()
}

/// A session whose claim has ended is anybody's.
pub async fn a_session_is_free_when_its_claim_ends(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x"), ("s", "y")]).await;
    driver.work(one_for(&short_claim(&driver, "w"))).await;
    // Parked until the claim ends: that alone wakes it.
    assert_eq!(driver.work(one_for(&owner("v"))).await, "y");
}

/// Its former owner does not get it back from the next one.
pub async fn a_session_that_was_taken_over_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "x"), ("s", "y"), ("s", "z")];
    driver.begin_sessions("a", &activities).await;
    driver.work(one_for(&short_claim(&driver, "w"))).await;
    driver.work(one_for(&owner("v"))).await;
    driver.expect_nothing_of_sessions(&owner("w")).await;
    assert_eq!(renew(&driver, &["w"], LONG, LONG).await, 0);
    assert_eq!(driver.work(one_for(&owner("v"))).await, "z");
}

/// Its former owner may claim it again if nobody did.
pub async fn an_owner_claims_again_what_nobody_took(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin_sessions("a", &[("s", "x"), ("s", "y"), ("s", "z")])
        .await;
    driver.work(one_for(&short_claim(&driver, "w"))).await;
    let mut clock = TurnClock::new(&driver).await;
    clock.pass(&driver, claim(&driver)).await;
    assert_eq!(
        renew(&driver, &["w"], LONG, LONG).await,
        0,
        "it has run out"
    );
    assert_eq!(driver.work(one_for(&owner("w"))).await, "y");
    driver.expect_nothing_of_sessions(&owner("v")).await;
}

/// A claim that has run out is none of those that an owner has.
pub async fn a_claim_that_has_ended_is_not_counted(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x"), ("t", "y")]).await;
    let one = SessionFetch {
        max_sessions: 1,
        ..short_claim(&driver, "w")
    };
    driver.work(one_for(&one)).await;
    // Parked until the first claim ends.
    assert_eq!(driver.work(one_for(&one)).await, "y");
}

/// Renewing lets claims last longer than they would have; it counts them.
pub async fn renewing_extends_the_claims_of_an_owner(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "x"), ("t", "x"), ("s", "y")];
    driver.begin_sessions("a", &activities).await;
    let mut clock = TurnClock::new(&driver).await;
    driver.work(one_for(&short_claim(&driver, "w"))).await;
    driver.work(one_for(&short_claim(&driver, "w"))).await;
    assert_eq!(renew(&driver, &["w"], LONG, LONG).await, 2);
    clock.pass(&driver, claim(&driver) * 2).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "y");
}

/// One call renews for several owners, and for nobody else.
pub async fn renewing_is_for_the_owners_that_are_named(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    assert_eq!(
        renew(&driver, &["w"], LONG, LONG).await,
        0,
        "nobody owns any"
    );
    let activities = [
        ("s", "s1"),
        ("t", "t1"),
        ("u", "u1"),
        ("s", "s2"),
        ("u", "u2"),
    ];
    driver.begin_sessions("a", &activities).await;
    for id in ["w", "v", "u"] {
        driver.work(one_for(&short_claim(&driver, id))).await;
    }
    assert_eq!(renew(&driver, &["w", "v", "nobody"], LONG, LONG).await, 2);
    assert_eq!(renew(&driver, &[], LONG, LONG).await, 0);
    // The claim on `u` ends; `s` is still owned.
    assert_eq!(driver.work(one_for(&owner("x"))).await, "u2");
    assert_eq!(driver.work(one_for(&owner("w"))).await, "s2");
}

/// Neither renewing nor fetching on shorter terms shortens a claim.
pub async fn renewing_never_shortens_a_claim(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "x"), ("s", "y"), ("s", "z")];
    driver.begin_sessions("a", &activities).await;
    let mut clock = TurnClock::new(&driver).await;
    driver.work(one_for(&owner("w"))).await;
    renew(&driver, &["w"], Duration::from_millis(1), LONG).await;
    clock.pass(&driver, driver.short()).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    driver.work(one_for(&short_claim(&driver, "w"))).await;
    clock.pass(&driver, claim(&driver) * 2).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
}

/// A session that nobody used for so long is not renewed, and becomes free.
pub async fn an_idle_session_is_not_renewed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin_sessions("a", &[("s", "x"), ("s", "y"), ("t", "z")])
        .await;
    let mut clock = TurnClock::new(&driver).await;
    let terms = SessionFetch {
        lock_timeout: driver.short() * 5,
        ..owner("w")
    };
    driver.work(one_for(&terms)).await;
    clock.pass(&driver, driver.short()).await;
    assert_eq!(renew(&driver, &["w"], LONG, driver.short()).await, 0);
    assert_eq!(driver.work(one_for(&owner("v"))).await, "z");
    // Parked until the claim ends.
    assert_eq!(driver.work(one_for(&owner("v"))).await, "y");
}

/// Work on a session counts as use, and extends the claim: fetching, renewing, completing.
pub async fn work_extends_a_claim(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin_sessions("a", &[("s", "x"), ("s", "y"), ("s", "z")])
        .await;
    let mut clock = TurnClock::new(&driver).await;
    let step = driver.short() * 4;
    let terms = SessionFetch {
        lock_timeout: step * 2,
        ..owner("w")
    };
    let x = driver.activity_of(&terms).await;
    clock.pass(&driver, step).await;
    let y = driver.activity_of(&terms).await;
    clock.pass(&driver, step).await;
    driver.store.renew_activity(&x.lock, LONG).await.unwrap();
    clock.pass(&driver, step).await;
    driver.complete(&y, "").await;
    clock.pass(&driver, step).await;
    // Four steps are twice what the first claim had: each of the three made it last.
    assert_eq!(renew(&driver, &["w"], LONG, step * 2).await, 1);
    driver.expect_nothing_of_sessions(&owner("v")).await;
}

/// The end of a claim takes no activity from whoever holds it: it can be renewed and completed.
pub async fn an_activity_outlives_the_claim_on_its_session(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x"), ("s", "y")]).await;
    let x = driver.activity_of(&short_claim(&driver, "w")).await;
    assert_eq!(driver.work(one_for(&owner("v"))).await, "y");
    driver.store.renew_activity(&x.lock, LONG).await.unwrap();
    driver.complete(&x, "").await;
    let item = driver.fetch().await;
    assert_eq!(item.messages.len(), 2);
    assert_eq!(
        renew(&driver, &["w"], LONG, LONG).await,
        0,
        "work revives no claim"
    );
    assert_eq!(renew(&driver, &["v"], LONG, LONG).await, 1);
}

/// An activity whose lease has ended goes to the owner of the session, not to others.
pub async fn an_expired_activity_stays_with_the_owner(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x")]).await;
    let fetch = ActivityFetch::new(1, driver.short()).sessions(owner("w"));
    only(driver.fetch_activities(fetch).await);
    let mut clock = TurnClock::new(&driver).await;
    clock.pass(&driver, driver.short() * 2).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    assert_eq!(driver.activity_of(&owner("w")).await.attempt, 2);
}

/// If both have ended, the next owner gets the activity.
pub async fn an_expired_activity_of_a_free_session_is_anybodys(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x")]).await;
    let fetch = ActivityFetch::new(1, driver.short()).sessions(short_claim(&driver, "w"));
    let lost = only(driver.fetch_activities(fetch).await);
    let taken = driver.activity_of(&owner("v")).await;
    assert_eq!((taken.attempt, taken.source), (2, lost.source));
    let late = driver
        .store
        .complete_activity(&lost.lock, Ok(String::new()));
    super::assertions::assert_lost(late.await);
    driver.expect_nothing_of_sessions(&owner("w")).await;
}

/// A claim that is given back is free at once, and nobody else's is. A store may let claims run out
/// instead: then it gives back none.
pub async fn a_claim_given_back_is_free_at_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "s1"), ("t", "t1"), ("s", "s2"), ("t", "t2")];
    driver.begin_sessions("a", &activities).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "s1");
    assert_eq!(driver.work(one_for(&owner("u"))).await, "t1");
    let store = driver.share();
    let fetch = one_for(&owner("v"));
    let mut parked = Box::pin(store.fetch_activities(fetch));
    assert!(parked.as_mut().now_or_never().is_none());
    let owners = ["w".to_owned(), "nobody".to_owned()];
    if driver.store.release_sessions(&owners).await.unwrap() == 0 {
        return;
    }
    // Giving back wakes whoever waits.
    let item = only(driver.patiently(parked).await.unwrap());
    assert_eq!(item.request.as_ref().unwrap().name, "s2");
    assert_eq!(renew(&driver, &["w"], LONG, LONG).await, 0);
    assert_eq!(driver.store.release_sessions(&owners).await.unwrap(), 0);
    driver.expect_nothing_of_sessions(&owner("x")).await;
    assert_eq!(driver.work(one_for(&owner("u"))).await, "t2");
}

/// What runs when its claim is given back can be completed, and is not handed out before its lease
/// has ended.
pub async fn an_activity_outlives_a_claim_given_back(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x")]).await;
    let item = driver.activity_of(&owner("w")).await;
    let owners = ["w".to_owned()];
    driver.store.release_sessions(&owners).await.unwrap();
    driver.expect_nothing_of_sessions(&owner("v")).await;
    driver.complete(&item, "").await;
    let told = driver.turn(|turn| turn.complete("")).await;
    assert_eq!(told.messages.len(), 1);
}

/// After a crash a session is anybody's, and nothing of it is lost.
pub async fn a_claim_does_not_outlive_a_crash(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x"), ("s", "y")]).await;
    driver.work(one_for(&owner("w"))).await;
    let driver = driver.reopen().await;
    assert_eq!(driver.work(one_for(&owner("v"))).await, "y");
    driver.begin_sessions("b", &[("s", "z")]).await;
    driver.expect_nothing_of_sessions(&owner("w")).await;
}
