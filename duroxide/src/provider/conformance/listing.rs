//! Finding instances, and what is known of them.

use crate::history::InstanceId;
use crate::provider::{InstanceQuery, ProviderAdmin, StateQuery};

use super::driver::{ALL, Driver};
use super::{ProviderFactory, Turn};

async fn ids(
    admin: &dyn ProviderAdmin,
    filter: &InstanceQuery,
    after: Option<&str>,
    max: usize,
) -> Vec<String> {
    let after = after.map(|id| InstanceId::new(id).unwrap());
    let listed = admin.list_instances(filter, after.as_ref(), max);
    let listed = listed.await.unwrap().into_iter();
    listed.map(|status| status.instance.to_string()).collect()
}

/// Six instances: one that runs, one that waits for its first turn, one with a child, ended ones.
async fn six(driver: &Driver<'_>) {
    driver.begin("run", |turn| turn.child("run/child")).await;
    driver.ended("done-1").await;
    driver.ended("done-2").await;
    driver.begin("bad", |turn| turn.fail("x")).await;
    driver.begin("again", |turn| turn.continue_as_new("")).await;
}

/// A list goes in the order of the ids, without gap or overlap between its pages.
pub async fn pages_of_a_list_join(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    six(&driver).await;
    let Some(admin) = driver.admin() else { return };
    let everything = InstanceQuery::default();
    let expected = ["again", "bad", "done-1", "done-2", "run", "run/child"];
    assert_eq!(ids(admin, &everything, None, ALL).await, expected);
    for size in 1..=6 {
        let mut joined: Vec<String> = Vec::new();
        loop {
            let after = joined.last().map(String::as_str);
            let page = ids(admin, &everything, after, size).await;
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            joined.extend(page);
        }
        assert_eq!(joined, expected);
    }
    assert!(ids(admin, &everything, None, 0).await.is_empty());
    assert_eq!(ids(admin, &everything, Some("c"), 1).await, ["done-1"]);
}

/// A list tells of each instance what its status does.
pub async fn a_list_tells_what_the_status_does(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    six(&driver).await;
    let Some(admin) = driver.admin() else { return };
    let all = InstanceQuery::default();
    for status in admin.list_instances(&all, None, ALL).await.unwrap() {
        assert_eq!(driver.status(&status.instance).await, status);
    }
}

/// A list of one kind of state: an instance between two executions runs.
pub async fn instances_are_listed_by_state(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    six(&driver).await;
    let Some(admin) = driver.admin() else { return };
    for (state, expected) in [
        (StateQuery::Running, vec!["again", "run", "run/child"]),
        (StateQuery::Completed, vec!["done-1", "done-2"]),
        (StateQuery::Failed, vec!["bad"]),
    ] {
        let filter = InstanceQuery {
            state: Some(state),
            ..InstanceQuery::default()
        };
        assert_eq!(ids(admin, &filter, None, ALL).await, expected, "{state:?}");
    }
}

/// A list by the name of the current orchestration, by the beginning of the id, of roots only.
pub async fn instances_are_listed_by_what_they_are(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    six(&driver).await;
    let Some(admin) = driver.admin() else { return };
    let named = |name: &str| InstanceQuery {
        orchestration: Some(name.to_owned()),
        ..InstanceQuery::default()
    };
    assert_eq!(ids(admin, &named("child"), None, ALL).await, ["run/child"]);
    assert_eq!(ids(admin, &named("successor"), None, ALL).await, ["again"]);
    assert!(ids(admin, &named("chil"), None, ALL).await.is_empty());
    let beginning = |prefix: &str| InstanceQuery {
        id_prefix: Some(prefix.to_owned()),
        ..InstanceQuery::default()
    };
    let run = ["run", "run/child"];
    assert_eq!(ids(admin, &beginning("run"), None, ALL).await, run);
    assert_eq!(
        ids(admin, &beginning("run"), Some("run"), ALL).await,
        run[1..]
    );
    assert_eq!(ids(admin, &beginning("done-"), None, 1).await, ["done-1"]);
    assert!(ids(admin, &beginning("un"), None, ALL).await.is_empty());
    let roots = InstanceQuery {
        roots_only: true,
        ..InstanceQuery::default()
    };
    assert_eq!(ids(admin, &roots, None, ALL).await.len(), 5);
}

/// A list of what ended before a time: what runs is not among it.
pub async fn instances_are_listed_by_their_end(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    six(&driver).await;
    let Some(admin) = driver.admin() else { return };
    let before = |limit| InstanceQuery {
        ended_before: Some(limit),
        ..InstanceQuery::default()
    };
    let later = driver
        .now()
        .saturating_add(std::time::Duration::from_secs(1));
    let ended = ["bad", "done-1", "done-2"];
    assert_eq!(ids(admin, &before(later), None, ALL).await, ended);
    let id = InstanceId::new("bad").unwrap();
    let limit = driver.status(&id).await.updated_at;
    let earlier = ids(admin, &before(limit), None, ALL).await;
    assert!(!earlier.contains(&"bad".to_owned()), "{earlier:?}");
}

/// What is given must all hold, and the page is filled with what fits.
pub async fn all_conditions_of_a_list_hold(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    six(&driver).await;
    let Some(admin) = driver.admin() else { return };
    let mut filter = InstanceQuery {
        state: Some(StateQuery::Completed),
        orchestration: Some("orders".to_owned()),
        id_prefix: Some("d".to_owned()),
        roots_only: true,
        ..InstanceQuery::default()
    };
    assert_eq!(ids(admin, &filter, None, 2).await, ["done-1", "done-2"]);
    filter.orchestration = Some("child".to_owned());
    assert!(ids(admin, &filter, None, ALL).await.is_empty());
    let running = InstanceQuery {
        state: Some(StateQuery::Running),
        ..InstanceQuery::default()
    };
    assert_eq!(ids(admin, &running, Some("bad"), 1).await, ["run"]);
}

/// A list follows what happens, and survives a crash.
pub async fn a_list_follows_what_happens(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let running = InstanceQuery {
        state: Some(StateQuery::Running),
        ..InstanceQuery::default()
    };
    if let Some(admin) = driver.admin() {
        assert_eq!(ids(admin, &running, None, ALL).await, ["a"]);
    }
    driver.poke(&id, |turn| turn.complete("")).await;
    let driver = driver.reopen().await;
    let Some(admin) = driver.admin() else { return };
    assert!(ids(admin, &running, None, ALL).await.is_empty());
    let completed = InstanceQuery {
        state: Some(StateQuery::Completed),
        ..InstanceQuery::default()
    };
    assert_eq!(ids(admin, &completed, None, ALL).await, ["a"]);
}

/// The children of an instance are those that it waits for, ended or not, of all its executions.
pub async fn children_are_listed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let parent = driver
        .begin("a", |turn| {
            let turn: Turn = turn.child("z").child("c").detached("d");
            turn.continue_as_new("")
        })
        .await;
    let child = InstanceId::new("c").unwrap();
    driver.turn_of(&child, |turn| turn.child("c/1")).await;
    driver.turn_of(&parent, |turn| turn.child("m")).await;
    driver
        .turn_of(&InstanceId::new("z").unwrap(), |turn| turn.complete(""))
        .await;
    let driver = driver.reopen().await;
    let Some(admin) = driver.admin() else { return };
    for (id, expected) in [
        ("a", vec!["c", "m", "z"]),
        ("c", vec!["c/1"]),
        ("d", vec![]),
        ("unknown", vec![]),
    ] {
        let id = InstanceId::new(id).unwrap();
        let children = admin.children(&id).await.unwrap();
        let children: Vec<_> = children.iter().map(InstanceId::as_str).collect();
        assert_eq!(children, expected, "of {id}");
    }
}
