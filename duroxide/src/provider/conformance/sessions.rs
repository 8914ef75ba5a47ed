//! Sessions: whoever fetches the first activity of one owns it, and gets the others.

use futures_util::future::join_all;

use crate::history::EventId;
use crate::provider::{ActivityFetch, SessionFetch, TagFilter};

use super::assertions::only;
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn, one_for, owner};

/// The names of everything that this owner gets at once, in order.
async fn names(driver: &Driver<'_>, terms: &SessionFetch) -> Vec<String> {
    let fetch = ActivityFetch::new(ALL, LONG).sessions(terms.clone());
    let items = driver.fetch_activities(fetch).await.into_iter();
    items.map(|item| item.request.unwrap().name).collect()
}

/// A worker that takes no sessions gets what has none, however many others wait before it.
pub async fn a_worker_without_sessions_gets_what_has_none(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            let many = (0..50).fold(turn, |turn, _| turn.schedule_in("s", "x"));
            many.schedule("plain", "")
        })
        .await;
    let item = driver.activity().await;
    assert_eq!(item.request.unwrap().session_id, None);
    driver.expect_no_activity().await;
}

/// A worker that takes sessions gets what has none as well, in the order of arrival.
pub async fn a_worker_with_sessions_gets_the_rest_too(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            let turn = turn.schedule("plain", "").schedule_in("s", "first");
            turn.schedule("other", "").schedule_in("s", "second")
        })
        .await;
    assert_eq!(
        names(&driver, &owner("w")).await,
        ["plain", "first", "other", "second"]
    );
}

/// The session comes with its activity, as it was written.
pub async fn a_session_comes_with_its_activity(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for session in ["s", "S", "a b\u{1f980}", ""] {
        driver
            .begin_sessions(&super::assertions::fresh("a"), &[(session, "x")])
            .await;
        let request = driver.activity_of(&owner("w")).await.request.unwrap();
        assert_eq!(request.session_id.as_deref(), Some(session));
    }
}

/// Whoever fetched the first activity of a session gets the next ones, nobody else does.
pub async fn a_session_stays_with_its_owner(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "first"), ("s", "second"), ("s", "third")];
    driver.begin_sessions("a", &activities).await;
    let first = driver.activity_of(&owner("w")).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    driver.complete(&first, "").await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "second");
    assert_eq!(driver.work(one_for(&owner("w"))).await, "third");
}

/// It stays with its owner while nothing of it is queued.
pub async fn a_session_without_activities_stays_with_its_owner(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "first")]).await;
    driver.work(one_for(&owner("w"))).await;
    driver.begin_sessions("b", &[("s", "second")]).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "second");
}

/// Different sessions may have different owners.
pub async fn sessions_are_owned_apart(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "s1"), ("t", "t1"), ("s", "s2"), ("t", "t2")];
    driver.begin_sessions("a", &activities).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "s1");
    assert_eq!(driver.work(one_for(&owner("v"))).await, "t1");
    assert_eq!(driver.work(one_for(&owner("v"))).await, "t2");
    assert_eq!(driver.work(one_for(&owner("w"))).await, "s2");
}

/// One session is one session, whichever instance asks.
pub async fn instances_share_a_session(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "first")]).await;
    driver.begin_sessions("b", &[("s", "second")]).await;
    driver.activity_of(&owner("w")).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "second");
}

/// Workers with one owner id share what it owns.
pub async fn workers_of_one_owner_share_its_sessions(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let many: Vec<_> = (0..8).map(|_| ("s", "x")).collect();
    driver.begin_sessions("a", &many).await;
    let workers = (0..8).map(|_| {
        let (store, fetch) = (driver.share(), one_for(&owner("w")));
        tokio::spawn(async move { only(store.fetch_activities(fetch).await.unwrap()).source })
    });
    let workers = driver.patiently(join_all(workers)).await.into_iter();
    let mut got: Vec<EventId> = workers.map(Result::unwrap).collect();
    got.sort();
    got.dedup();
    assert_eq!(got.len(), 8);
}

/// Of concurrent owners one gets a session, all of it.
pub async fn of_concurrent_owners_one_gets_a_session(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let terms = owner(&format!("w-{number}"));
            let fetch = ActivityFetch::new(1, LONG).sessions(terms.clone());
            let store = driver.share();
            (
                terms,
                tokio::spawn(async move { store.fetch_activities(fetch).await }),
            )
        })
        .collect();
    let many: Vec<_> = (0..20).map(|_| ("s", "x")).collect();
    driver.begin_sessions("a", &many).await;
    let mut tasks = Vec::new();
    let (mut all_terms, mut winner) = (Vec::new(), None);
    for (terms, task) in workers {
        all_terms.push(terms);
        tasks.push(task);
    }
    let (first, index, others) = driver
        .patiently(futures_util::future::select_all(tasks))
        .await;
    assert_eq!(first.unwrap().unwrap().len(), 1);
    winner.replace(all_terms.swap_remove(index));
    for other in others {
        other.abort();
        // Aborted while parked, or it would be a second owner.
        assert!(other.await.is_err_and(|error| error.is_cancelled()));
    }
    driver.expect_nothing_of_sessions(&all_terms[0]).await;
    assert_eq!(names(&driver, &winner.unwrap()).await.len(), 19);
}

/// A parked worker wakes for its own session, and sleeps on for one that somebody else owns.
pub async fn a_worker_wakes_for_its_own_session(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let activities = [("s", "s1"), ("t", "t1")];
    driver.begin_sessions("a", &activities).await;
    driver.work(one_for(&owner("w"))).await;
    driver.work(one_for(&owner("v"))).await;
    let (store, fetch) = (driver.share(), one_for(&owner("v")));
    let parked = tokio::spawn(async move { only(store.fetch_activities(fetch).await.unwrap()) });
    driver.begin_sessions("b", &[("s", "s2")]).await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "s2");
    driver.begin_sessions("c", &[("t", "t2")]).await;
    let item = driver.patiently(parked).await.unwrap();
    assert_eq!(item.request.unwrap().name, "t2");
}

/// An owner has at most as many sessions as it wants; then it gets of these, and what has none.
pub async fn an_owner_has_no_more_sessions_than_it_wants(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            let turn = turn.schedule_in("s", "s1").schedule_in("t", "t1");
            let turn = turn.schedule_in("u", "u1").schedule_in("s", "s2");
            turn.schedule("plain", "")
        })
        .await;
    let two = SessionFetch {
        max_sessions: 2,
        ..owner("w")
    };
    assert_eq!(names(&driver, &two).await, ["s1", "t1", "s2", "plain"]);
    driver.expect_nothing_of_sessions(&two).await;
    assert_eq!(names(&driver, &owner("v")).await, ["u1"]);
}

/// An owner that wants no session gets what has none.
pub async fn an_owner_that_wants_no_session_gets_none(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule_in("s", "x").schedule("plain", ""))
        .await;
    let none = SessionFetch {
        max_sessions: 0,
        ..owner("w")
    };
    assert_eq!(names(&driver, &none).await, ["plain"]);
    driver.expect_nothing_of_sessions(&none).await;
}

/// A filter of tags holds for activities of sessions too; what it keeps back claims nothing.
pub async fn tags_and_sessions_both_hold(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| {
            turn.schedule_for("render", Some("s"), Some("gpu"))
                .schedule_in("t", "plain")
        })
        .await;
    let gpu = |id: &str| one_for(&owner(id)).tags(TagFilter::tags(["gpu"]));
    assert_eq!(driver.work(one_for(&owner("w"))).await, "plain");
    driver.expect_nothing_of_sessions(&owner("w")).await;
    assert_eq!(driver.work(gpu("v")).await, "render", "nobody owned it");
}

/// An activity that was given back goes to the owner again; its deliveries are counted.
pub async fn an_activity_given_back_stays_in_its_session(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin_sessions("a", &[("s", "x")]).await;
    let item = driver.activity_of(&owner("w")).await;
    driver.abandon_activity(&item).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    let item = driver.activity_of(&owner("w")).await;
    assert_eq!(item.attempt, 2);
    let forgotten = driver
        .store
        .abandon_activity(&item.lock, std::time::Duration::ZERO, true);
    forgotten.await.unwrap();
    assert_eq!(driver.activity_of(&owner("w")).await.attempt, 2);
}

/// A session goes on with the next execution of its instance.
pub async fn a_session_outlives_an_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin_sessions("a", &[("s", "x")]).await;
    driver.work(one_for(&owner("w"))).await;
    driver.turn(|turn| turn.continue_as_new("")).await;
    driver.turn(|turn: Turn| turn.schedule_in("s", "y")).await;
    driver.expect_nothing_of_sessions(&owner("v")).await;
    let item = driver.activity_of(&owner("w")).await;
    assert_eq!((&item.instance, item.execution_id.0), (&id, 2));
}

/// An activity of a session that was cancelled is gone.
pub async fn a_cancelled_activity_leaves_its_session(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin_sessions("a", &[("s", "x"), ("s", "y")]).await;
    driver
        .poke(&id, |turn| turn.cancel_activity(EventId(2)))
        .await;
    assert_eq!(driver.work(one_for(&owner("w"))).await, "y");
    driver.expect_nothing_of_sessions(&owner("w")).await;
}
