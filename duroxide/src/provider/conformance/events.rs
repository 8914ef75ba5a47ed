//! Events from outside: for known instances only, kept from their start on, in order, each once.

use std::time::Duration;

use crate::history::{EventId, EventKind, InstanceId, Message};
use crate::provider::{Enqueued, ProviderError, TurnFetch};

use super::assertions::{completed, fresh, messages};
use super::driver::{Driver, LONG};
use super::turn::first_start;
use super::{ProviderFactory, Turn};

impl Driver<'_> {
    /// Sends a new event of the queue `q`.
    async fn send(&self, id: &InstanceId, message_id: u128, data: &str) -> Message {
        let message = event(data);
        let sent = self.store.enqueue(id, message_id, message.clone()).await;
        assert_eq!(sent.unwrap(), Enqueued::Accepted);
        message
    }
}

fn event(data: &str) -> Message {
    Message::QueueEvent {
        queue: "q".to_owned(),
        data: data.to_owned(),
    }
}

/// Both kinds of event arrive as they were sent, empty and strange texts included.
pub async fn an_event_arrives_as_it_was_sent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    for (message_id, data) in [(0, ""), (u128::MAX, "\u{0}\"\u{1F980}\r\n")] {
        let raised = Message::ExternalEvent {
            name: "approved".to_owned(),
            data: data.to_owned(),
        };
        let sent = driver.store.enqueue(&id, message_id, raised.clone()).await;
        assert_eq!(sent.unwrap(), Enqueued::Accepted);
        let queued = driver.send(&id, message_id ^ 1, data).await;
        let item = driver.turn(|turn| turn).await;
        assert_eq!(messages(&item), [raised, queued]);
    }
    driver.expect_no_turn().await;
}

/// An event for an instance that does not exist is refused, creates nothing and holds up nobody.
pub async fn an_event_for_an_unknown_instance_is_refused(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let ghost = InstanceId::new(fresh("ghost")).unwrap();
    for message_id in 0..3 {
        let sent = driver.store.enqueue(&ghost, message_id, event("x")).await;
        assert!(matches!(sent, Err(ProviderError::InstanceNotFound)));
    }
    assert_eq!(driver.store.status(&ghost).await.unwrap(), None);
    driver.expect_no_turn().await;
    // What was refused was not sent: under the same id it is new.
    let ghost = driver.start(ghost.as_str()).await;
    let kept = driver.send(&ghost, 0, "x").await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item)[1..], [kept]);
}

/// Messages that the store makes itself cannot be sent.
pub async fn only_events_can_be_sent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.schedule("x", "")).await;
    for message in [
        Message::Start(first_start("orders", "in")),
        completed(EventId(2), "forged"),
    ] {
        let sent = driver.store.enqueue(&id, 7, message).await;
        assert!(matches!(sent, Err(ProviderError::Refused(_))), "{sent:?}");
    }
    driver.expect_no_turn().await;
}

/// From the moment a start is acknowledged events are kept; they come behind it.
pub async fn an_event_before_the_first_turn_is_kept(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let events = [
        driver.send(&id, 1, "1").await,
        driver.send(&id, 2, "2").await,
    ];
    let item = driver.turn(|turn| turn).await;
    assert!(matches!(messages(&item)[0], Message::Start(_)));
    assert_eq!(messages(&item)[1..], events);
    assert_eq!(driver.history(&id).await.len(), 3);
}

/// Events come in the order in which they were acknowledged, over several turns and a crash.
pub async fn events_keep_their_order(factory: &dyn ProviderFactory) {
    let mut driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let mut sent = Vec::new();
    for number in 0..20_u128 {
        sent.push(driver.send(&id, number, &number.to_string()).await);
        if number == 10 {
            driver = driver.reopen().await;
        }
    }
    let item = driver.fetch().await;
    assert_eq!(messages(&item), sent);
    let first = item.messages[0].id;
    let part = Turn::consuming(&item, |id| id == first);
    driver.commit(&item, part).await;
    assert_eq!(messages(&driver.turn(|turn| turn).await), sent[1..]);
    driver.expect_no_turn().await;
}

/// An event that was acknowledged is there after a crash, once.
pub async fn an_event_survives(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let (a, b) = (
        driver.start("a").await,
        driver.begin("b", |turn| turn).await,
    );
    let kept = [driver.send(&a, 1, "a").await, driver.send(&b, 1, "b").await];
    let driver = driver.reopen().await;
    assert_eq!(
        messages(&driver.turn_of(&a, |turn| turn).await)[1..],
        kept[..1]
    );
    assert_eq!(messages(&driver.turn_of(&b, |turn| turn).await), kept[1..]);
    let driver = driver.reopen().await;
    driver.expect_no_turn().await;
}

/// A parked fetch comes for an event at once; one that arrives during a turn is not missed.
pub async fn an_event_wakes_a_fetch(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let store = driver.share();
    let parked =
        tokio::spawn(async move { store.fetch_turns(TurnFetch::new(1, LONG)).await.unwrap() });
    tokio::task::yield_now().await;
    let first = driver.send(&id, 1, "1").await;
    let item = driver.patiently(parked).await.unwrap().remove(0);
    assert_eq!(messages(&item), [first]);
    let second = driver.send(&id, 2, "2").await;
    driver.commit(&item, Turn::of(&item)).await;
    assert_eq!(messages(&driver.fetch().await), [second]);
}

/// The same event sent again under its id is one message: while it waits, while it is worked on, and
/// after a crash. Under another id, or to another instance, it is another message.
pub async fn an_event_sent_again_is_one_message(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let (a, b) = (
        driver.begin("a", |turn| turn).await,
        driver.begin("b", |turn| turn).await,
    );
    driver.send(&a, 7, "x").await;
    let again = async |driver: &Driver<'_>| {
        let sent = driver.store.enqueue(&a, 7, event("x")).await;
        assert_eq!(sent.unwrap(), Enqueued::Duplicate);
    };
    again(&driver).await;
    let driver = driver.reopen().await;
    again(&driver).await;
    driver.send(&b, 7, "x").await;
    driver.send(&a, 8, "x").await;
    let item = driver.fetch_turn_of(&a).await;
    again(&driver).await;
    assert_eq!(item.messages.len(), 2);
    driver.commit(&item, Turn::of(&item)).await;
    assert_eq!(driver.turn(|turn| turn).await.lock.instance, b);
    driver.expect_no_turn().await;
}

/// Of many that send one event at the same time, one is told that it did.
pub async fn of_concurrent_sends_of_one_event_one_is_accepted(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    let senders = (0..16).map(|_| {
        let (store, id) = (driver.share(), id.clone());
        tokio::spawn(async move { store.enqueue(&id, 7, event("x")).await.unwrap() })
    });
    let senders: Vec<_> = senders.collect();
    let mut accepted = 0;
    for sender in senders {
        accepted += u32::from(sender.await.unwrap() == Enqueued::Accepted);
    }
    assert_eq!(accepted, 1);
    assert_eq!(driver.fetch().await.messages.len(), 1);
}

/// An ended instance takes events and hands them out as such; consumed, they change nothing.
pub async fn an_event_after_the_end_changes_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.complete("done")).await;
    let before = driver.status(&id).await;
    driver.send(&id, 1, "late").await;
    let item = driver.fetch().await;
    assert!(item.ended);
    driver.commit(&item, Turn::of(&item)).await;
    assert_eq!(driver.status(&id).await, before);
    assert_eq!(driver.history(&id).await.len(), 2);
    driver.expect_no_turn().await;
}

/// Events that an execution leaves in the inbox follow the next one's start, with newer ones behind
/// them; what it hands on arrives with the start.
pub async fn events_left_behind_follow_the_next_start(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    for number in 0..3 {
        driver.send(&id, number, &number.to_string()).await;
    }
    let item = driver.fetch().await;
    let first = item.messages[0].id;
    let carried = vec![
        ("q".to_owned(), "0".to_owned()),
        (String::new(), String::new()),
    ];
    let turn = Turn::consuming(&item, |id| id == first).continue_as_new("two");
    let turn = turn.with(|commit| {
        let crate::provider::TurnOutcome::ContinuedAsNew { next } = &mut commit.outcome else {
            unreachable!("it continues as new");
        };
        next.carried.clone_from(&carried);
    });
    driver.commit(&item, turn).await;
    driver.send(&id, 3, "3").await;
    let driver = driver.reopen().await;
    let next = driver.turn(|turn| turn).await;
    let [Message::Start(start), behind @ ..] = &messages(&next)[..] else {
        panic!("a start comes first: {next:?}");
    };
    assert_eq!(start.carried, carried);
    assert_eq!(behind, ["1", "2", "3"].map(event));
    let history = driver.history_of(&id, next.execution_id).await;
    let EventKind::OrchestrationStarted { carried: told, .. } = &history[0].kind else {
        panic!("a start is the first event: {history:?}");
    };
    assert_eq!(*told, carried);
}

/// While a message is put off, later events wait behind it: they keep their order, and none comes
/// before the start of its execution. Other instances do not wait.
pub async fn events_do_not_overtake_what_is_put_off(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let put_off = async |delay: Duration| {
        let item = driver.fetch().await;
        let given_back = driver.store.abandon_turn(&item.lock, delay, true).await;
        given_back.unwrap();
    };
    let id = driver.start("a").await;
    let delay = driver.short();
    put_off(delay).await;
    driver.send(&id, 1, "1").await;
    driver.begin("b", |turn| turn).await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(item.messages.len(), 2, "the start and its event: {item:?}");

    driver.send(&id, 2, "2").await;
    put_off(delay).await;
    driver.send(&id, 3, "3").await;
    let item = driver.turn(|turn| turn).await;
    assert_eq!(messages(&item), ["2", "3"].map(event));

    driver.send(&id, 4, "4").await;
    put_off(LONG).await;
    driver.send(&id, 5, "5").await;
    driver.expect_no_turn().await;
}

/// An event that cannot be read concerns its instance only, which can be ended.
pub async fn a_corrupt_event_holds_up_nobody(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn).await;
    driver.send(&id, 1, "x").await;
    let Some(driver) = driver.corrupt_messages(&id).await else {
        return;
    };
    let other = driver.begin("b", |turn| turn).await;
    driver.send(&other, 1, "y").await;
    driver.turn_of(&other, |turn| turn.complete("")).await;
    let item = driver.fetch().await;
    assert_eq!(item.lock.instance, id);
    assert!(item.messages[0].message.is_err(), "{item:?}");
    driver.commit(&item, Turn::of(&item).fail("poison")).await;
    driver.expect_no_turn().await;
}
