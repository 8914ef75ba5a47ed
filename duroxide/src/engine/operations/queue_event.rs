//! Queues: messages are kept until the code reads them, first in first out, each exactly once.
//!
//! The oldest open request of a queue has its oldest message: a request takes one when it is made,
//! a message finds its request when it arrives, whether or not the request was polled. A request
//! that is dropped before the code has read its message gives it back to its place by arrival; if
//! others wait, the oldest of them has it at once. All of it follows from the recorded events.

use std::collections::{BTreeMap, VecDeque};
use std::panic::Location;
use std::task::Waker;

use crate::engine::operations::Request;
use crate::engine::turn_state::{Operation, TurnState};
use crate::engine::{Resolution, TurnHandle};
use crate::history::{EventId, EventKind, QUEUE_NAME};

/// The messages that the code has not read.
#[derive(Debug, Default)]
pub(in crate::engine) struct Queues {
    by_name: BTreeMap<String, Queue>,
    /// How many messages there were: the place of the next one.
    arrived: u64,
    /// Requests that have a message which the code did not read yet: its queue and place.
    held: BTreeMap<EventId, (String, u64)>,
    /// What proposals behind the history did with messages of requests in the history.
    moves: Vec<Move>,
}

#[derive(Debug, Default)]
struct Queue {
    /// That no request has, by place.
    messages: BTreeMap<u64, String>,
    /// Without a message, the oldest first. Dropped ones are passed over when a message comes.
    waiting: VecDeque<EventId>,
}

/// A message given back.
#[derive(Debug)]
struct Move {
    /// The event that cancelled the request.
    cause: EventId,
    from: EventId,
    to: Option<EventId>,
}

impl TurnHandle {
    /// Asks for the next message of that queue. `None` once the execution has ended, or if no queue
    /// can have that name: then it fails when it comes to rest, instead of waiting for ever.
    ///
    /// ```
    /// use std::future::poll_fn;
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::{Resolution, TurnHandle};
    ///
    /// async fn next_order(turn: &TurnHandle) -> Option<Resolution> {
    ///     let id = turn.dequeue_event("orders".to_owned(), Location::caller())?;
    ///     Some(poll_fn(|context| turn.poll(id, context)).await)
    /// }
    /// ```
    pub fn dequeue_event(&self, queue: String, at: &'static Location<'static>) -> Option<EventId> {
        if let Some(problem) = self.problem_with_name(QUEUE_NAME, &queue) {
            self.reject(problem);
            return None;
        }
        self.ask(EventKind::QueueSubscribed { name: queue }, at)
    }
}

impl Queues {
    /// The code has read what that request had.
    pub(in crate::engine) fn read(&mut self, id: EventId) {
        self.held.remove(&id);
    }

    /// What was proposed up to this event stands in the history.
    pub(in crate::engine) fn settle(&mut self, last: EventId) {
        self.moves.retain(|it| it.cause > last);
    }

    /// What the code has not read, in the order of arrival.
    pub(in crate::engine) fn unread(&self) -> Vec<(String, String)> {
        let queues = self.by_name.iter();
        let mut unread: Vec<_> = queues
            .flat_map(|(name, queue)| queue.messages.iter().map(move |it| (name, it)))
            .collect();
        unread.sort_by_key(|&(_, (place, _))| *place);
        unread
            .into_iter()
            .map(|(name, (_, data))| (name.clone(), data.clone()))
            .collect()
    }

    /// How many messages the code has not read, those that a request has included.
    pub(in crate::engine) fn unread_count(&self) -> usize {
        let kept = self.by_name.values().map(|queue| queue.messages.len());
        kept.sum::<usize>().saturating_add(self.held.len())
    }

    fn queue(&mut self, name: &str) -> &mut Queue {
        self.by_name.entry(name.to_owned()).or_default()
    }
}

impl TurnState {
    /// The code asks for a message. Its request is open already.
    pub(in crate::engine) fn dequeue_opened(&mut self, id: EventId, name: &str) {
        let queue = self.queues.queue(name);
        match queue.messages.pop_first() {
            Some((place, data)) => {
                self.queues.held.insert(id, (name.to_owned(), place));
                // Nobody has polled it yet, so nobody is to be woken.
                self.resolve(id, Resolution::QueueEvent(data));
            }
            None => queue.waiting.push_back(id),
        }
    }

    /// A message arrived. The waker is to be woken outside of the lock.
    pub(in crate::engine) fn queue_event_arrived(
        &mut self,
        name: &str,
        data: String,
    ) -> Option<Waker> {
        let place = self.queues.arrived;
        self.queues.arrived = self.queues.arrived.saturating_add(1);
        self.hand_on(name, place, data).1
    }

    /// A dropped request gives its message back. The waker is to be woken outside of the lock.
    pub(in crate::engine) fn give_back(
        &mut self,
        from: EventId,
        data: String,
        cause: EventId,
    ) -> Option<Waker> {
        let (name, place) = self.queues.held.remove(&from)?;
        if planted!(DroppedDequeue) {
            return None;
        }
        let (to, waker) = self.hand_on(&name, place, data);
        self.queues.moves.push(Move { cause, from, to });
        waker
    }

    /// At the end of the execution: the message that a request has goes to no other one.
    pub(in crate::engine) fn keep_unread(&mut self, from: EventId, data: String) {
        if let Some((name, place)) = self.queues.held.remove(&from) {
            self.queues.queue(&name).messages.insert(place, data);
        }
    }

    /// Forgets which requests of the history proposals behind it answered or took from. The
    /// execution is about to end: the messages themselves matter to nobody any more.
    pub(in crate::engine) fn take_moves_back(&mut self) {
        for Move { from, to, .. } in std::mem::take(&mut self.queues.moves).into_iter().rev() {
            if let Some(to) = to {
                self.open.insert(to, Operation::of(Request::QueueEvent));
            }
            self.open.remove(&from);
        }
    }

    /// To the oldest request that waits, or to its place in the queue.
    fn hand_on(
        &mut self,
        name: &str,
        place: u64,
        data: String,
    ) -> (Option<EventId>, Option<Waker>) {
        while let Some(id) = self.queues.queue(name).waiting.pop_front() {
            if self.unanswered(id) == Some(Request::QueueEvent) {
                self.queues.held.insert(id, (name.to_owned(), place));
                let waker = self.resolve(id, Resolution::QueueEvent(data));
                return (Some(id), waker);
            }
        }
        self.queues.queue(name).messages.insert(place, data);
        (None, None)
    }
}
