//! What rules assert again and again.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;

use crate::history::{EventId, ExecutionId, Message};
use crate::provider::{ActivityFetch, ProviderError, TurnFetch, TurnItem};

use super::{ALL, Driver, LONG, Turn};

impl Driver<'_> {
    /// Asserts that no turn can be fetched: a parked fetch does not return before something else
    /// is there, and then with that alone.
    pub async fn expect_no_turn(&self) {
        let mut parked = pin!(self.store.fetch_turns(TurnFetch::new(ALL, LONG)));
        if let Some(items) = parked.as_mut().now_or_never() {
            panic!("there should be no turn: {items:?}");
        }
        let sentinel = self.start(&fresh("sentinel")).await;
        let item = only(self.patiently(parked).await.unwrap());
        assert_eq!(
            item.lock.instance, sentinel,
            "there should be no other turn"
        );
        self.commit(&item, Turn::of(&item).complete("")).await;
    }

    /// Asserts that no activity can be fetched, in the same way.
    pub async fn expect_no_activity(&self) {
        let sentinel = self.start(&fresh("sentinel")).await;
        let item = self.fetch_turn_of(&sentinel).await;
        let mut parked = pin!(self.store.fetch_activities(ActivityFetch::new(ALL, LONG)));
        if let Some(items) = parked.as_mut().now_or_never() {
            panic!("there should be no activity: {items:?}");
        }
        self.commit(&item, Turn::of(&item).schedule("sentinel", ""))
            .await;
        let activity = only(self.patiently(parked).await.unwrap());
        assert_eq!(
            activity.instance, sentinel,
            "there should be no other activity"
        );
        self.complete(&activity, "").await;
        self.turn_of(&sentinel, |turn| turn.complete("")).await;
    }
}

/// An id that no other call gave.
pub(super) fn fresh(what: &str) -> String {
    format!("{what}-{}", unique())
}

/// A number that no other call gave, larger than those that rules choose themselves.
pub(super) fn unique() -> u128 {
    static LAST: AtomicU64 = AtomicU64::new(1_000_000);
    u128::from(LAST.fetch_add(1, Ordering::Relaxed))
}

/// The only one of them.
pub(super) fn only<T: Debug>(mut items: Vec<T>) -> T {
    assert_eq!(items.len(), 1, "one is expected: {items:?}");
    items.remove(0)
}

/// The messages of a turn; all must be readable.
pub(super) fn messages(item: &TurnItem) -> Vec<Message> {
    let messages = item.messages.iter();
    messages
        .map(|message| message.message.clone().unwrap())
        .collect()
}

/// The message that an activity of the first execution is completed with.
pub(super) fn completed(source: EventId, result: &str) -> Message {
    Message::ActivityCompleted {
        execution_id: ExecutionId::FIRST,
        source,
        result: result.to_owned(),
    }
}

/// Asserts that the lock is lost.
pub(super) fn assert_lost<T: Debug>(result: Result<T, ProviderError>) {
    match result {
        Err(ProviderError::LockLost) => {}
        other => panic!("the lock should be lost: {other:?}"),
    }
}
