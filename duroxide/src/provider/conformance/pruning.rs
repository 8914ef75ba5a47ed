//! Forgetting old executions: by a turn itself, or by whoever looks after the store.

use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::{Deleted, ProviderError};

use super::assertions::{assert_lost, messages};
use super::driver::{Driver, LONG};
use super::executions::time_of;
use super::{ProviderFactory, Turn};

/// An instance with this many executions before the current one, which has had its first turn.
async fn chain(driver: &Driver<'_>, id: &str, before: u64) -> InstanceId {
    let id = driver.start(id).await;
    for number in 1..=before {
        // Each execution is longer than the one before it, so they end at different times.
        let script = |turn: Turn| {
            let turn = (0..number).fold(turn, |turn, _| turn.set("k", "v"));
            let kept = crate::history::KvEntry {
                key: "k".to_owned(),
                value: "v".to_owned(),
                updated_at: time_of(number + 1),
            };
            turn.continue_as_new("").hand_down(None, &[kept])
        };
        driver.turn_of(&id, script).await;
    }
    driver.turn_of(&id, |turn| turn).await;
    id
}

/// The numbers of the executions whose events can be read.
async fn kept(driver: &Driver<'_>, id: &InstanceId) -> Vec<u64> {
    let mut kept = Vec::new();
    for number in 1..=9 {
        if !driver.history_of(id, ExecutionId(number)).await.is_empty() {
            kept.push(number);
        }
    }
    if let Some(admin) = driver.admin() {
        let told = admin.executions(id).await.unwrap().into_iter();
        let told: Vec<u64> = told.map(|execution| execution.execution_id.0).collect();
        assert_eq!(told, kept);
    }
    kept
}

/// The newest executions are kept, the current one always.
pub async fn the_newest_executions_are_kept(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for (keep_last, expected) in [
        (9, vec![1, 2, 3, 4]),
        (4, vec![1, 2, 3, 4]),
        (2, vec![3, 4]),
        (1, vec![4]),
        (0, vec![4]),
    ] {
        let id = chain(&driver, &format!("a-{keep_last}"), 3).await;
        let Some(admin) = driver.admin() else { return };
        let gone = admin.prune(&id, Some(keep_last), None).await.unwrap();
        assert_eq!(kept(&driver, &id).await, expected);
        let count = u64::try_from(4 - expected.len()).unwrap();
        assert_eq!((gone.instances, gone.executions), (0, count));
        let again = admin.prune(&id, Some(keep_last), None).await.unwrap();
        assert_eq!(again, Deleted::default());
    }
}

/// Executions that ended before a time are forgotten; both conditions must hold, as far as they are
/// given.
pub async fn old_executions_are_forgotten(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    // Execution n has n + 2 events.
    for (keep_last, ended_before, expected) in [
        (None, Some(time_of(3)), vec![1, 2, 3, 4]),
        (None, Some(time_of(5)), vec![3, 4]),
        (Some(3), Some(time_of(5)), vec![2, 3, 4]),
        (Some(1), Some(time_of(4)), vec![2, 3, 4]),
        (None, Some(driver.now()), vec![4]),
        (None, None, vec![4]),
    ] {
        let id = chain(&driver, &super::assertions::fresh("a"), 3).await;
        let Some(admin) = driver.admin() else { return };
        admin.prune(&id, keep_last, ended_before).await.unwrap();
        assert_eq!(kept(&driver, &id).await, expected);
    }
}

/// What is forgotten is counted: executions, events, and what they left in the queues.
pub async fn what_is_forgotten_is_counted(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(LONG);
    let id = driver
        .begin("a", |turn| {
            turn.schedule("x", "").timer(due).continue_as_new("")
        })
        .await;
    driver.turn(|turn| turn.schedule("y", "")).await;
    let Some(admin) = driver.admin() else { return };
    let gone = admin.prune(&id, Some(1), None).await.unwrap();
    let expected = Deleted {
        instances: 0,
        executions: 1,
        events: 4,
        queued: 2,
    };
    assert_eq!(gone, expected);
    let depths = admin.queue_depths().await.unwrap();
    assert_eq!((depths.worker_queue, depths.timer_queue), (1, 0));
    assert_eq!(driver.activity().await.request.unwrap().name, "y");
}

/// The current execution is never forgotten, whether it runs, waits for its first turn or has ended.
pub async fn the_current_execution_is_never_forgotten(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let running = chain(&driver, "running", 1).await;
    let between = chain(&driver, "between", 1).await;
    let handed_down = driver.store.kv_entries(&between).await.unwrap();
    driver
        .poke(&between, |turn| {
            turn.continue_as_new("").hand_down(None, &handed_down)
        })
        .await;
    let ended = driver.ended("ended").await;
    let unknown = InstanceId::new("unknown").unwrap();
    let Some(admin) = driver.admin() else { return };
    for id in [&running, &between, &ended] {
        admin
            .prune(id, Some(0), Some(driver.at(LONG)))
            .await
            .unwrap();
    }
    assert_eq!(
        admin.prune(&unknown, None, None).await.unwrap(),
        Deleted::default()
    );
    assert_eq!(kept(&driver, &running).await, [2]);
    assert_eq!(kept(&driver, &ended).await, [1]);
    let told = admin.executions(&between).await.unwrap();
    assert_eq!((told.len(), told[0].execution_id.0), (1, 3));
    let driver = driver.reopen().await;
    driver.turn_of(&between, |turn| turn.complete("")).await;
    driver.poke(&running, |turn| turn.complete("")).await;
}

/// Values and status do not belong to executions.
pub async fn values_outlive_the_execution_that_wrote_them(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = chain(&driver, "a", 2).await;
    let before = (
        driver.store.kv_entries(&id).await.unwrap(),
        driver.status(&id).await,
    );
    assert_eq!(before.0.len(), 1);
    let Some(admin) = driver.admin() else { return };
    admin.prune(&id, Some(1), None).await.unwrap();
    let driver = driver.reopen().await;
    let after = (
        driver.store.kv_entries(&id).await.unwrap(),
        driver.status(&id).await,
    );
    assert_eq!(after, before);
}

/// An activity of an execution that is forgotten is lost; other instances keep theirs.
pub async fn an_activity_of_a_forgotten_execution_is_lost(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.schedule("x", "").continue_as_new(""))
        .await;
    driver.turn(|turn| turn).await;
    let activity = driver.activity().await;
    let other = driver.begin_activity("b").await;
    let Some(admin) = driver.admin() else { return };
    admin.prune(&id, None, None).await.unwrap();
    let late = driver
        .store
        .complete_activity(&activity.lock, Ok(String::new()));
    assert_lost(late.await);
    driver.complete(&other, "").await;
    driver.turn(|turn| turn.complete("")).await;
    driver.expect_no_turn().await;
}

/// A turn may forget executions, those that ended before it and the one that it ends.
pub async fn a_turn_forgets_executions(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = chain(&driver, "a", 3).await;
    let forget = |before: u64| {
        move |turn: Turn| turn.with(|commit| commit.forget_before = Some(ExecutionId(before)))
    };
    driver.poke(&id, forget(3)).await;
    assert_eq!(kept(&driver, &id).await, [3, 4]);
    driver.poke(&id, forget(1)).await;
    assert_eq!(kept(&driver, &id).await, [3, 4]);
    let handed_down = driver.store.kv_entries(&id).await.unwrap();
    driver
        .poke(&id, |turn| {
            let turn = turn.continue_as_new("").hand_down(None, &handed_down);
            forget(5)(turn)
        })
        .await;
    let driver = driver.reopen().await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(
        (item.execution_id.0, item.last_event_id),
        (5, EventId::NONE)
    );
    assert_eq!(kept(&driver, &id).await, [5]);
}

/// A turn that forgets what it left to do forgets the activities of that too.
pub async fn a_turn_forgets_what_old_executions_left(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let due = driver.at(LONG);
    let id = driver
        .begin("a", |turn| {
            let turn = turn.schedule("x", "").timer(due).continue_as_new("");
            turn.with(|commit| commit.forget_before = Some(ExecutionId(2)))
        })
        .await;
    driver.expect_no_activity().await;
    let item = driver.fetch_turn_of(&id).await;
    assert_eq!((item.execution_id.0, messages(&item).len()), (2, 1));
    if let Some(admin) = driver.admin() {
        assert_eq!(admin.queue_depths().await.unwrap().timer_queue, 0);
    }
}

/// No turn forgets the execution that is the current one behind it.
pub async fn forgetting_the_current_execution_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let good = Turn::of(&item).schedule("x", "");
    for before in [2, 3, u64::MAX] {
        let wrong = good.clone().with(|commit| {
            commit.turn_id ^= u128::from(before);
            commit.forget_before = Some(ExecutionId(before));
        });
        let refused = driver.store.commit_turn(&item.lock, wrong.commit).await;
        assert!(
            matches!(refused, Err(ProviderError::Refused(_))),
            "{refused:?}"
        );
    }
    driver.commit(&item, good).await;
    assert_eq!(kept(&driver, &id).await, [1]);
}

/// The last turn is known as long as the current execution has none, also if the execution that made it
/// is forgotten: whoever does not know whether it was committed may ask again.
pub async fn the_last_turn_outlives_its_execution(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).continue_as_new("");
    let turn_id = turn.commit.turn_id;
    driver.commit(&item, turn).await;
    let Some(admin) = driver.admin() else { return };
    admin.prune(&id, Some(1), None).await.unwrap();
    assert!(driver.history(&id).await.is_empty());
    let item = driver.fetch().await;
    assert_eq!(item.last_turn_id, turn_id);
    driver.abandon(&item).await;
    let driver = driver.reopen().await;
    assert_eq!(driver.fetch().await.last_turn_id, turn_id);
}
