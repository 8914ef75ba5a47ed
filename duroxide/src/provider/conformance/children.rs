//! Sub-orchestrations: a turn starts them, and their end reaches whoever waits for it.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::join_all;

use crate::history::{EventId, ExecutionId, InstanceId, Message, Parent, Start};
use crate::provider::{Committed, InstanceState, TurnFetch};

use super::asking::taken;
use super::assertions::{messages, only};
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn, failure, first_start};

fn id(text: &str) -> InstanceId {
    InstanceId::new(text).unwrap()
}

/// Who waits, in a child that the second event of `a` scheduled.
pub(super) fn child_of_a() -> Parent {
    Parent {
        instance: id("a"),
        execution_id: ExecutionId::FIRST,
        source: EventId(2),
    }
}

/// What the parent hears of the end of such a child.
fn told(result: &str) -> Message {
    Message::SubOrchestrationCompleted {
        execution_id: ExecutionId::FIRST,
        source: EventId(2),
        result: result.to_owned(),
    }
}

/// A child exists from its parent's commit on, and its first message says who waits.
pub async fn a_child_exists_with_the_turn_that_starts_it(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let before = driver.now();
    driver.begin("a", |turn| turn.child("b")).await;
    let status = driver.status(&id("b")).await;
    assert_eq!(status.orchestration, "child");
    assert_eq!((status.execution_id.0, status.pending), (1, true));
    assert_eq!(status.parent, Some(id("a")));
    assert!(status.created_at >= before, "{status:?}");
    let item = driver.fetch().await;
    assert_eq!(item.lock.instance, id("b"));
    assert_eq!(item.parent, Some(child_of_a()));
    let start = Start {
        parent: Some(child_of_a()),
        ..first_start("child", "in")
    };
    assert_eq!(messages(&item), [Message::Start(start)]);
}

/// A turn that is not written starts nobody.
pub async fn a_child_of_a_turn_that_is_not_written_does_not_exist(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).child("b");
    driver.abandon(&item).await;
    let lost = driver.store.commit_turn(&item.lock, turn.commit).await;
    super::assertions::assert_lost(lost);
    assert_eq!(driver.store.status(&id("b")).await.unwrap(), None);
    driver.turn(|turn| turn.complete("")).await;
    driver.expect_no_turn().await;
}

/// The end of a child arrives once, with its output.
pub async fn the_end_of_a_child_reaches_its_parent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    driver.turn_of(&id("b"), |turn| turn.complete("out")).await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(item.lock.instance, id("a"));
    assert_eq!(messages(&item), [told("out")]);
    driver.expect_no_turn().await;
}

/// So does its failure.
pub async fn the_failure_of_a_child_reaches_its_parent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    driver.turn_of(&id("b"), |turn| turn.fail("broken")).await;
    let item = driver.turn(|turn| turn).await;
    let told = Message::SubOrchestrationFailed {
        execution_id: ExecutionId::FIRST,
        source: EventId(2),
        details: failure("broken"),
    };
    assert_eq!(messages(&item), [told]);
}

/// Whoever waits for a child waits for its last execution.
pub async fn a_child_keeps_its_parent_over_its_executions(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    driver
        .turn_of(&id("b"), |turn| turn.continue_as_new("more"))
        .await;
    let item = driver.turn(|turn| turn.complete("out")).await;
    assert_eq!(
        (&item.lock.instance, item.parent),
        (&id("b"), Some(child_of_a()))
    );
    assert_eq!(driver.status(&id("b")).await.parent, Some(id("a")));
    assert_eq!(messages(&driver.fetch().await), [told("out")]);
}

/// A child outlives the execution that started it; its end names that execution.
pub async fn a_child_outlives_the_execution_of_its_parent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.child("b").timer(driver.at(LONG)))
        .await;
    driver
        .store
        .enqueue(&id("a"), 1, super::asking::cancel("x"))
        .await
        .unwrap();
    driver
        .turn_of(&id("a"), |turn| turn.continue_as_new("more"))
        .await;
    driver.turn_of(&id("a"), |turn| turn).await;
    driver.turn_of(&id("b"), |turn| turn.complete("out")).await;
    let item = driver.fetch().await;
    assert_eq!(
        (item.execution_id.0, messages(&item)),
        (2, vec![told("out")])
    );
}

/// A child may have children.
pub async fn a_child_has_children_of_its_own(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    driver.turn_of(&id("b"), |turn| turn.child("c")).await;
    assert_eq!(driver.status(&id("c")).await.parent, Some(id("b")));
    for (child, parent) in [("c", "b"), ("b", "a")] {
        driver.turn_of(&id(child), |turn| turn.complete("")).await;
        let item = driver.fetch().await;
        assert_eq!(item.lock.instance, id(parent));
        assert_eq!(item.messages.len(), 1);
        driver.abandon(&item).await;
    }
}

/// Of an id that is taken nothing is started: the starter hears of it, the other one does not.
pub async fn a_taken_id_is_answered(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let other = driver.begin("b", |turn| turn.schedule("x", "")).await;
    let before = (driver.status(&other).await, driver.history(&other).await);
    driver.begin("a", |turn| turn.child("b")).await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(item.lock.instance, id("a"));
    assert_eq!(messages(&item), [taken(ExecutionId::FIRST, EventId(2))]);
    let after = (driver.status(&other).await, driver.history(&other).await);
    assert_eq!(after, before);
    driver.expect_no_turn().await;
}

/// The id of an instance that has ended is taken too.
pub async fn the_id_of_an_ended_instance_is_taken(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let ended = driver.ended("b").await;
    driver.begin("a", |turn| turn.child("b")).await;
    let item = driver.fetch().await;
    assert_eq!(messages(&item), [taken(ExecutionId::FIRST, EventId(2))]);
    let InstanceState::Completed { .. } = driver.status(&ended).await.state else {
        panic!("it has ended and stays so");
    };
}

/// So is the starter's own.
pub async fn nobody_is_its_own_child(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let own = driver.begin("a", |turn| turn.child("a")).await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), [taken(ExecutionId::FIRST, EventId(2))]);
    assert_eq!(driver.status(&own).await.parent, None);
}

/// Of two children with one id, in one turn, one starts.
pub async fn of_two_children_with_one_id_one_starts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.child("b").child("b")).await;
    let item = driver.turn_of(&id("a"), |turn| turn).await;
    assert_eq!(messages(&item), [taken(ExecutionId::FIRST, EventId(3))]);
    driver.turn_of(&id("b"), |turn| turn.complete("out")).await;
    assert_eq!(messages(&driver.fetch().await), [told("out")]);
}

/// Of concurrent turns that start the same id one does, and each of the others hears of it.
pub async fn of_concurrent_children_with_one_id_one_starts(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    for number in 0..16 {
        driver.start(&format!("parent-{number}")).await;
    }
    let items = driver.fetch_up_to(ALL, LONG).await;
    let commits = items.iter().map(|item| {
        let turn = Turn::of(item).child("b");
        let (store, lock) = (driver.share(), item.lock.clone());
        tokio::spawn(async move { store.commit_turn(&lock, turn.commit).await })
    });
    for committed in join_all(commits).await {
        assert_eq!(committed.unwrap().unwrap(), Committed::Applied);
    }
    let items = driver.fetch_up_to(ALL, LONG).await;
    let is_child = |item: &&crate::provider::TurnItem| item.lock.instance == id("b");
    let child = only(items.iter().filter(is_child).collect());
    let parent = child.parent.clone().unwrap().instance;
    assert_eq!(items.len(), 16, "the child, and whoever has an answer");
    assert!(items.iter().all(|item| item.lock.instance != parent));
}

/// A turn that is committed again starts and tells nobody twice.
pub async fn a_repeated_turn_starts_nobody_again(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).child("b").detached("c");
    driver.commit(&item, turn.clone()).await;
    let again = driver.store.commit_turn(&item.lock, turn.commit).await;
    assert_eq!(again.unwrap(), Committed::AlreadyApplied);
    let mut started = Vec::new();
    for item in driver.fetch_up_to(ALL, LONG).await {
        assert_eq!(item.messages.len(), 1, "{item:?}");
        started.push(item.lock.instance);
    }
    started.sort();
    assert_eq!(started, [id("b"), id("c")], "and no answer of a taken id");
}

/// One turn starts many children, and the end of each arrives.
pub async fn many_children_start_at_once(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let names: Vec<String> = (0..100).map(|number| format!("child-{number}")).collect();
    let script = |turn: Turn| names.iter().fold(turn, |turn, name| turn.child(name));
    driver.begin("a", script).await;
    let items = driver.fetch_up_to(ALL, LONG).await;
    assert_eq!(items.len(), 100);
    for item in items {
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
    assert_eq!(driver.fetch().await.messages.len(), 100);
}

/// Children, and answers of taken ids, survive a crash.
pub async fn children_survive(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.ended("c").await;
    driver.begin("a", |turn| turn.child("b").child("c")).await;
    let driver = driver.reopen().await;
    let item = driver.turn_of(&id("a"), |turn| turn).await;
    assert_eq!(messages(&item), [taken(ExecutionId::FIRST, EventId(3))]);
    assert_eq!(driver.status(&id("b")).await.parent, Some(id("a")));
    let item = driver.fetch().await;
    driver.commit(&item, Turn::of(&item).complete("out")).await;
    assert_eq!(item.parent, Some(child_of_a()));
    let driver = driver.reopen().await;
    assert_eq!(messages(&driver.fetch().await), [told("out")]);
}

/// A child, and its end, wake a parked fetch.
pub async fn children_wake_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.start("a").await;
    let item = driver.fetch().await;
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.commit(&item, Turn::of(&item).child("b")).await;
    let child = only(driver.patiently(parked).await.unwrap());
    assert_eq!(child.lock.instance, id("b"));
    let mut parked = pin!(driver.store.fetch_turns(TurnFetch::new(1, LONG)));
    assert!(parked.as_mut().now_or_never().is_none());
    driver.commit(&child, Turn::of(&child).complete("")).await;
    let parent = only(driver.patiently(parked).await.unwrap());
    assert_eq!(parent.lock.instance, id("a"));
}
