//! What an instance keeps under keys: changed with a commit, read by anybody.

use std::pin::pin;

use futures_util::FutureExt as _;

use crate::history::{InstanceId, KvEntry};
use crate::provider::{InstanceStatus, ProviderError};
use crate::time::Timestamp;

use super::assertions::assert_lost;
use super::driver::Driver;
use super::turn::Script;
use super::{ProviderFactory, Turn};

/// The value under a key.
pub(super) async fn value(driver: &Driver<'_>, id: &InstanceId, key: &str) -> Option<String> {
    let entry = driver.store.kv(id, key).await.unwrap();
    entry.map(|entry| entry.value)
}

/// All keys with their values.
pub(super) async fn all(driver: &Driver<'_>, id: &InstanceId) -> Vec<(String, String)> {
    let entries = driver.store.kv_entries(id).await.unwrap().into_iter();
    entries.map(|entry| (entry.key, entry.value)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let expected = expected.iter();
    expected
        .map(|&(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

/// A value can be read when its turn is written, with the time that the turn gave it.
pub async fn a_value_is_there_with_its_commit(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).set("k", "v");
    assert_eq!(driver.store.kv(&id, "k").await.unwrap(), None);
    driver.commit(&item, turn).await;
    let entry = KvEntry {
        key: "k".to_owned(),
        value: "v".to_owned(),
        updated_at: Timestamp::from_millis(1_000_002),
    };
    assert_eq!(
        driver.store.kv(&id, "k").await.unwrap(),
        Some(entry.clone())
    );
    assert_eq!(driver.store.kv_entries(&id).await.unwrap(), [entry]);
}

/// A later value takes the place of an earlier one.
pub async fn a_value_is_overwritten(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.set("k", "v")).await;
    let before = driver.store.kv(&id, "k").await.unwrap().unwrap();
    driver.poke(&id, |turn| turn.set("k", "w")).await;
    let after = driver.store.kv(&id, "k").await.unwrap().unwrap();
    assert_eq!(after.value, "w");
    assert!(after.updated_at > before.updated_at);
    assert_eq!(all(&driver, &id).await, pairs(&[("k", "w")]));
}

/// A value that is removed is gone, others stay. Removing what is not there is no error.
pub async fn a_value_is_removed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("k", "v").set("l", "w"))
        .await;
    driver
        .poke(&id, |turn| turn.clear("k").clear("nothing"))
        .await;
    assert_eq!(value(&driver, &id, "k").await, None);
    assert_eq!(all(&driver, &id).await, pairs(&[("l", "w")]));
    driver.poke(&id, |turn| turn.clear("k")).await;
    assert_eq!(all(&driver, &id).await, pairs(&[("l", "w")]));
}

/// All values are removed at once, also if there are none.
pub async fn all_values_are_removed(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("k", "v").set("l", "w"))
        .await;
    for _ in 0..2 {
        driver.poke(&id, Turn::clear_all).await;
        assert_eq!(all(&driver, &id).await, []);
        assert_eq!(value(&driver, &id, "l").await, None);
    }
}

/// Changes of one turn apply in their order.
pub async fn changes_of_one_turn_keep_their_order(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("old", "1").set("k", "1"))
        .await;
    driver
        .poke(&id, |turn| {
            let turn = turn.set("k", "2").clear("k").set("gone", "1");
            let turn = turn.clear_all().set("k", "3").set("l", "4").set("l", "5");
            turn.set("m", "6").clear("m")
        })
        .await;
    assert_eq!(all(&driver, &id).await, pairs(&[("k", "3"), ("l", "5")]));
    driver.poke(&id, |turn| turn.clear("k").set("k", "7")).await;
    assert_eq!(all(&driver, &id).await, pairs(&[("k", "7"), ("l", "5")]));
}

/// Entries come in the order of their keys, however many there are.
pub async fn values_are_listed_in_the_order_of_their_keys(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let keys: Vec<String> = (0..150)
        .map(|n| format!("key-{}", (n * 37) % 150))
        .collect();
    let id = driver
        .begin("a", |turn| {
            keys.iter().fold(turn, |turn, key| turn.set(key, key))
        })
        .await;
    let mut expected: Vec<_> = keys.iter().map(|key| (key.clone(), key.clone())).collect();
    expected.sort();
    assert_eq!(all(&driver, &id).await, expected);
}

/// Empty values, large ones, and any key come back.
pub async fn any_key_and_value_come_back(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let large = "0123456789abcdef".repeat(4096);
    let keys = [
        "k",
        "K",
        "k ",
        "a/b",
        "a\u{0}b",
        "\u{1f980}",
        "\"'\\",
        "%_*",
    ];
    let id = driver
        .begin("a", |turn| {
            let turn = keys.iter().fold(turn, |turn, key| turn.set(key, key));
            turn.set("empty", "").set("large", &large)
        })
        .await;
    for key in keys {
        assert_eq!(value(&driver, &id, key).await.as_deref(), Some(key));
    }
    assert_eq!(value(&driver, &id, "empty").await.as_deref(), Some(""));
    assert_eq!(value(&driver, &id, "large").await, Some(large));
    driver.poke(&id, |turn| turn.clear("a\u{0}b")).await;
    assert_eq!(value(&driver, &id, "a\u{0}b").await, None);
    assert_eq!(value(&driver, &id, "a/b").await.as_deref(), Some("a/b"));
}

/// What is unknown has no values.
pub async fn what_is_unknown_has_no_values(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.set("k", "v")).await;
    let unknown = InstanceId::new("b").unwrap();
    assert_eq!(value(&driver, &id, "l").await, None);
    assert_eq!(value(&driver, &unknown, "k").await, None);
    assert_eq!(all(&driver, &unknown).await, []);
}

/// Instances keep what is their own, also if one id is the beginning of another.
pub async fn values_do_not_mix(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let a = driver.begin("a", |turn| turn.set("k", "1")).await;
    let ab = driver
        .begin("ab", |turn| turn.set("k", "2").set("l", "3"))
        .await;
    driver.poke(&a, |turn| turn.clear_all().set("m", "4")).await;
    assert_eq!(all(&driver, &a).await, pairs(&[("m", "4")]));
    assert_eq!(all(&driver, &ab).await, pairs(&[("k", "2"), ("l", "3")]));
}

/// A turn that is not written changes nothing.
pub async fn a_value_counts_with_its_commit(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("k", "v").schedule("x", ""))
        .await;
    let activity = driver.activity().await;
    driver.complete(&activity, "").await;
    let item = driver.fetch().await;
    let turn = Turn::of(&item).clear_all().set("l", "w");
    let wrong = turn.clone().with(|commit| commit.history_delta.clear());
    let refused = driver.store.commit_turn(&item.lock, wrong.commit).await;
    assert!(
        matches!(refused, Err(ProviderError::Refused(_))),
        "{refused:?}"
    );
    driver.abandon(&item).await;
    assert_lost(driver.store.commit_turn(&item.lock, turn.commit).await);
    assert_eq!(all(&driver, &id).await, pairs(&[("k", "v")]));
}

/// A turn that changes values changes the status, so that a wait ends with it; the time of its last
/// change stays.
pub async fn a_changed_value_is_a_change(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.set("k", "v")).await;
    let scripts: [Script; 4] = [
        |turn| turn.set("k", "w"),
        |turn| turn.set("k", "w"),
        |turn| turn.clear("k"),
        Turn::clear_all,
    ];
    for script in scripts {
        let before = driver.status(&id).await;
        driver.poke(&id, script).await;
        let after = driver.status(&id).await;
        assert!(after.change > before.change, "{before:?} {after:?}");
        let change = before.change;
        assert_eq!(InstanceStatus { change, ..after }, before);
    }
    let changed = driver.status(&id).await;
    let driver = driver.reopen().await;
    assert_eq!(driver.status(&id).await, changed);
}

/// A wait ends with a value, at once, and the value is there by then.
pub async fn a_wait_ends_with_a_value(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    for expected in ["v", "w"] {
        let seen = driver.status(&id).await.change;
        let mut wait = pin!(driver.store.wait(&id, seen));
        assert!(wait.as_mut().now_or_never().is_none());
        driver.poke(&id, |turn| turn.set("k", expected)).await;
        assert!(driver.patiently(wait).await.unwrap().change > seen);
        assert_eq!(value(&driver, &id, "k").await.as_deref(), Some(expected));
    }
}

/// Values survive a crash, and so does that they were removed.
pub async fn values_survive(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("k", "v").set("l", "w"))
        .await;
    driver.poke(&id, |turn| turn.clear("k")).await;
    let before = driver.store.kv_entries(&id).await.unwrap();
    let driver = driver.reopen().await;
    assert_eq!(driver.store.kv_entries(&id).await.unwrap(), before);
    driver.poke(&id, Turn::clear_all).await;
    let driver = driver.reopen().await;
    assert_eq!(all(&driver, &id).await, []);
}

/// The next execution goes on with them: it overwrites, removes and puts back.
pub async fn values_stay_over_executions(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("k", "1").set("l", "1").set("m", "1"))
        .await;
    let kept = driver.store.kv_entries(&id).await.unwrap();
    driver
        .poke(&id, |turn| turn.continue_as_new("").hand_down(None, &kept))
        .await;
    assert_eq!(driver.store.kv_entries(&id).await.unwrap(), kept);
    driver
        .turn(|turn| turn.set("k", "2").clear("l").set("l", "2"))
        .await;
    let expected = pairs(&[("k", "2"), ("l", "2"), ("m", "1")]);
    assert_eq!(all(&driver, &id).await, expected);
    driver.poke(&id, |turn| turn.clear("m")).await;
    let kept = driver.store.kv_entries(&id).await.unwrap();
    driver
        .poke(&id, |turn| turn.continue_as_new("").hand_down(None, &kept))
        .await;
    driver.turn(|turn| turn).await;
    assert_eq!(all(&driver, &id).await, pairs(&[("k", "2"), ("l", "2")]));
}

/// A turn can change values and hand over: the change is in what stays.
pub async fn the_last_changes_of_an_execution_stay(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.set("k", "1").set("l", "1"))
        .await;
    let mut kept = driver.store.kv_entries(&id).await.unwrap();
    kept.remove(0);
    driver
        .poke(&id, |turn| {
            turn.clear("k").continue_as_new("").hand_down(None, &kept)
        })
        .await;
    assert_eq!(all(&driver, &id).await, pairs(&[("l", "1")]));
    driver.turn(|turn| turn.set("n", "1").complete("")).await;
    assert_eq!(all(&driver, &id).await, pairs(&[("l", "1"), ("n", "1")]));
}

/// An instance that has ended keeps its values.
pub async fn values_outlive_the_end(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let endings: [(&str, Script); 2] = [
        ("well", |turn| turn.set("k", "v").complete("")),
        ("badly", |turn| turn.set("k", "v").fail("x")),
    ];
    for (id, script) in endings {
        let id = driver.begin(id, script).await;
        assert_eq!(all(&driver, &id).await, pairs(&[("k", "v")]));
    }
}

/// A child keeps its own values.
pub async fn a_child_keeps_its_own_values(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let parent = driver
        .begin("a", |turn| turn.set("k", "1").child("b"))
        .await;
    driver.turn(|turn| turn.set("k", "2").complete("")).await;
    driver.turn(|turn| turn.set("l", "3")).await;
    let child = InstanceId::new("b").unwrap();
    assert_eq!(all(&driver, &child).await, pairs(&[("k", "2")]));
    assert_eq!(
        all(&driver, &parent).await,
        pairs(&[("k", "1"), ("l", "3")])
    );
}
