//! Deleting instances: all that is asked for or nothing, with everything that belongs to them.

use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::{Deleted, InstanceQuery, ProviderAdmin, ProviderError, StartOutcome};

use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn, first_start};

pub(super) fn id(text: &str) -> InstanceId {
    InstanceId::new(text).unwrap()
}

pub(super) async fn delete(admin: &dyn ProviderAdmin, ids: &[&str], force: bool) -> Deleted {
    let ids: Vec<InstanceId> = ids.iter().map(|text| id(text)).collect();
    admin.delete(&ids, force).await.unwrap()
}

async fn refuses(admin: &dyn ProviderAdmin, ids: &[&str], force: bool) {
    let ids: Vec<InstanceId> = ids.iter().map(|text| id(text)).collect();
    let refused = admin.delete(&ids, force).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?} for {ids:?}"
    );
}

pub(super) async fn is_there(driver: &Driver<'_>, text: &str) -> bool {
    driver.store.status(&id(text)).await.unwrap().is_some()
}

/// An ended instance is deleted with its history, values, messages, activities and timers.
pub async fn a_deleted_instance_leaves_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(LONG);
    let deleted = driver
        .begin("a", |turn| {
            let turn = turn.set("k", "v").show(Some("x")).schedule("x", "");
            turn.timer(due)
                .continue_as_new("")
                .hand_down(Some("x"), &kept())
        })
        .await;
    driver
        .turn(|turn| turn.schedule("y", "").complete(""))
        .await;
    driver
        .store
        .enqueue(&deleted, 1, super::asking::cancel("x"))
        .await
        .unwrap();
    driver
        .begin("b", |turn| turn.set("k", "w").schedule("z", ""))
        .await;
    let Some(admin) = driver.admin() else { return };
    let gone = delete(admin, &["a"], false).await;
    let expected = Deleted {
        instances: 1,
        executions: 2,
        events: 9,
        queued: 4,
    };
    assert_eq!(gone, expected);
    assert!(!is_there(&driver, "a").await);
    for execution in [ExecutionId::FIRST, ExecutionId(2)] {
        assert_eq!(driver.history_of(&deleted, execution).await, []);
    }
    assert_eq!(driver.store.kv_entries(&deleted).await.unwrap(), []);
    assert_eq!(admin.executions(&deleted).await.unwrap(), []);
    let depths = admin.queue_depths().await.unwrap();
    assert_eq!((depths.orchestrator_queue, depths.timer_queue), (0, 0));
    assert_eq!(driver.activity().await.instance, id("b"));
    driver.expect_no_activity().await;
    let sent = driver
        .store
        .enqueue(&deleted, 2, super::asking::cancel("x"));
    assert!(matches!(sent.await, Err(ProviderError::InstanceNotFound)));
    let driver = driver.reopen().await;
    assert!(!is_there(&driver, "a").await && is_there(&driver, "b").await);
    driver.expect_no_turn().await;
}

fn kept() -> Vec<crate::history::KvEntry> {
    vec![crate::history::KvEntry {
        key: "k".to_owned(),
        value: "v".to_owned(),
        updated_at: super::executions::time_of(2),
    }]
}

/// What has not ended is deleted by force only: also what waits for its first turn, or for that of
/// its next execution.
pub async fn what_runs_is_deleted_by_force_only(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("running", |turn| turn.schedule("x", "")).await;
    driver
        .begin("between", |turn| turn.continue_as_new(""))
        .await;
    driver.start("new").await;
    let Some(admin) = driver.admin() else { return };
    for text in ["running", "between", "new"] {
        refuses(admin, &[text], false).await;
        assert!(is_there(&driver, text).await);
    }
    assert_eq!(
        delete(admin, &["running", "between", "new"], true)
            .await
            .instances,
        3
    );
    driver.expect_no_activity().await;
    driver.expect_no_turn().await;
}

/// Of several instances all are deleted, or none.
pub async fn a_set_is_deleted_as_a_whole(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.ended("a").await;
    driver.ended("b").await;
    driver.begin("run", |turn| turn).await;
    let Some(admin) = driver.admin() else { return };
    refuses(admin, &["a", "run", "b"], false).await;
    for text in ["a", "run", "b"] {
        assert!(is_there(&driver, text).await);
    }
    let gone = delete(admin, &["a", "unknown", "b", "a"], false).await;
    assert_eq!((gone.instances, gone.executions, gone.events), (2, 2, 4));
    assert!(!is_there(&driver, "a").await && !is_there(&driver, "b").await);
    assert_eq!(
        delete(admin, &["a", "unknown"], false).await,
        Deleted::default()
    );
    assert_eq!(delete(admin, &[], true).await, Deleted::default());
}

/// Nobody is deleted whose child would stay, not even by force.
pub async fn a_parent_is_not_deleted_without_its_children(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b").complete("")).await;
    driver
        .turn_of(&id("b"), |turn| turn.child("c").complete(""))
        .await;
    driver.turn_of(&id("c"), |turn| turn.complete("")).await;
    let Some(admin) = driver.admin() else { return };
    for (ids, force) in [
        (vec!["a"], true),
        (vec!["a", "b"], false),
        (vec!["a", "c"], true),
    ] {
        refuses(admin, &ids, force).await;
    }
    let gone = delete(admin, &["a", "b", "c"], false).await;
    assert_eq!(gone.instances, 3);
    for text in ["a", "b", "c"] {
        assert!(!is_there(&driver, text).await);
    }
    driver.expect_no_turn().await;
}

/// An ended child can be deleted alone; its parent has its answer.
pub async fn an_ended_child_is_deleted_alone(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    driver.turn_of(&id("b"), |turn| turn.complete("out")).await;
    let Some(admin) = driver.admin() else { return };
    delete(admin, &["b"], false).await;
    assert_eq!(admin.children(&id("a")).await.unwrap(), []);
    let item = driver.turn(|turn| turn.complete("")).await;
    assert_eq!(
        item.messages.len(),
        1,
        "the answer, and nothing else: {item:?}"
    );
    delete(admin, &["a"], false).await;
}

/// Parent and child that go together tell each other nothing; the id is free.
pub async fn a_family_that_is_deleted_is_gone(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    let Some(admin) = driver.admin() else { return };
    delete(admin, &["b", "a"], true).await;
    let again = driver.start("a").await;
    let item = driver.turn(|turn| turn.complete("")).await;
    assert_eq!((item.lock.instance, item.messages.len()), (again, 1));
    driver.expect_no_turn().await;
}

/// The id is free afterwards: a new instance knows nothing of the former one.
pub async fn a_deleted_id_is_free(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let former = driver
        .begin("a", |turn| turn.set("k", "v").show(Some("x")).complete(""))
        .await;
    driver
        .store
        .enqueue(&former, 7, super::asking::cancel("x"))
        .await
        .unwrap();
    let Some(admin) = driver.admin() else { return };
    delete(admin, &["a"], false).await;
    let start = first_start("other", "");
    let started = driver.store.start(&former, start).await;
    assert_eq!(started.unwrap(), StartOutcome::Created);
    let status = driver.status(&former).await;
    assert_eq!(
        (status.custom_status, status.custom_status_version),
        (None, 0)
    );
    assert_eq!(
        (status.orchestration.as_str(), status.pending),
        ("other", true)
    );
    assert_eq!(driver.store.kv_entries(&former).await.unwrap(), []);
    let sent = driver
        .store
        .enqueue(&former, 7, super::asking::cancel("y"))
        .await;
    assert_eq!(sent.unwrap(), crate::provider::Enqueued::Accepted);
    let item = driver.fetch().await;
    assert_eq!(
        (item.last_event_id, item.messages.len()),
        (EventId::NONE, 2)
    );
    driver.commit(&item, Turn::of(&item)).await;
    let driver = driver.reopen().await;
    assert_eq!(driver.history(&former).await.len(), 2);
}

/// A deletion in bulk is a list and deletions: what runs stays, in pages of any size.
pub async fn what_has_ended_is_deleted_in_pages(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in 0..6 {
        driver.ended(&format!("done-{number}")).await;
        driver.begin(&format!("run-{number}"), |turn| turn).await;
    }
    driver.ended("other").await;
    let Some(admin) = driver.admin() else { return };
    let filter = InstanceQuery {
        state: Some(crate::provider::StateQuery::Completed),
        id_prefix: Some("done-".to_owned()),
        ..InstanceQuery::default()
    };
    let mut rounds = 0;
    loop {
        let page = admin.list_instances(&filter, None, 4).await.unwrap();
        if page.is_empty() {
            break;
        }
        let ids: Vec<InstanceId> = page.into_iter().map(|status| status.instance).collect();
        admin.delete(&ids, false).await.unwrap();
        rounds += 1;
    }
    assert_eq!(rounds, 2);
    let all = InstanceQuery::default();
    let left = admin.list_instances(&all, None, ALL).await.unwrap();
    assert_eq!(left.len(), 7);
}
