//! What the code and the engine share while a turn runs: the clock, the requests made so far, and
//! one entry for every open operation.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::panic::Location;
use std::task::Waker;

use crate::engine::operations::{
    self, Cancellation, Kept, Patches, Queues, Request, RequestKind, Told, Waits,
};
use crate::engine::{Limits, Nondeterminism, Resolution};
use crate::history::{Event, EventId, EventKind, ExecutionId, InstanceId, Parent};
use crate::time::Timestamp;

/// A request of the code, with the place of the call.
pub(super) struct Emission {
    pub(super) event: Event,
    pub(super) at: Option<&'static Location<'static>>,
}

/// One open operation.
pub(super) struct Operation {
    pub(super) request: Request,
    pub(super) waker: Option<Waker>,
    pub(super) resolution: Option<Resolution>,
    /// It goes on when the instance is cancelled.
    pub(super) is_shielded: bool,
    /// It is part of a call, and ends with the calls of the code when the instance is cancelled.
    pub(super) is_pause: bool,
}

impl Operation {
    pub(super) fn of(request: Request) -> Self {
        Self {
            request,
            waker: None,
            resolution: None,
            is_shielded: false,
            is_pause: false,
        }
    }
}

/// What a dropped future leaves: wakers are for outside of the lock.
#[derive(Default)]
pub(super) struct Abandoned {
    /// Its own, to be dropped.
    pub(super) dropped: Option<Waker>,
    /// Of whom got what it gave back, to be woken.
    pub(super) woken: Option<Waker>,
}

/// What the engine does after a poll.
pub(super) enum Next {
    /// The code asked for more than it may.
    OverBudget,
    /// The code asked for this end.
    End(Box<EventKind>),
    /// Pending, and at least one operation is awaited.
    Waits,
    /// Pending, and no operation is awaited.
    WaitsForNothing,
}

pub(super) struct TurnState {
    pub(super) instance: InstanceId,
    pub(super) execution_id: ExecutionId,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) seed: u128,
    /// How many values were derived from the seed.
    pub(super) derived: u64,
    pub(super) now: Timestamp,
    pub(super) replaying: bool,
    /// Drops of futures are no requests any more.
    pub(super) closed: bool,
    /// The history was ended by the runtime, not by the code; this is where they parted.
    pub(super) taken_over: Option<Nondeterminism>,
    /// A terminal event is in the history.
    pub(super) ended: bool,
    /// The terminal event that the code asked for by a verb.
    pub(super) ends_with: Option<EventKind>,
    /// The last event that is in the history; what lies behind it is a proposal.
    pub(super) settled: EventId,
    /// The last event of any kind.
    pub(super) last: EventId,
    pub(super) emitted: VecDeque<Emission>,
    /// How many requests this message may make; `None` once it asked for more.
    allowance: Option<usize>,
    pub(super) open: BTreeMap<EventId, Operation>,
    /// How many open operations hold a waker.
    pub(super) awaited: usize,
    pub(super) waits: Waits,
    pub(super) queues: Queues,
    pub(super) cancellation: Cancellation,
    pub(super) kept: Kept,
    pub(super) patches: Patches,
    pub(super) told: Told,
    pub(super) parent: Option<Parent>,
    pub(super) limits: Limits,
    /// How many bytes the texts of the history have.
    pub(super) history_bytes: usize,
    /// What each event asked for, by position: tells a late answer from one to no question.
    asked: Vec<Option<RequestKind>>,
    pub(super) last_call: Option<&'static Location<'static>>,
}

impl TurnState {
    pub(super) fn new(instance: InstanceId, execution_id: ExecutionId) -> Self {
        Self {
            instance,
            execution_id,
            name: String::new(),
            version: String::new(),
            seed: 0,
            derived: 0,
            now: Timestamp::ZERO,
            replaying: false,
            closed: false,
            taken_over: None,
            ended: false,
            ends_with: None,
            settled: EventId::NONE,
            last: EventId::NONE,
            emitted: VecDeque::new(),
            allowance: Some(0),
            open: BTreeMap::new(),
            awaited: 0,
            waits: Waits::default(),
            queues: Queues::default(),
            cancellation: Cancellation::default(),
            kept: Kept::default(),
            patches: Patches::default(),
            told: Told::default(),
            parent: None,
            limits: Limits::default(),
            history_bytes: 0,
            asked: Vec::new(),
            last_call: None,
        }
    }

    /// The last event that is in the history, or on its way there.
    pub(super) fn last_event_id(&self) -> EventId {
        self.settled
    }

    /// Time goes forward only, whatever the clocks of the workers say.
    pub(super) fn clock(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        self.now
    }

    /// A message's event stands in the history, or is about to. The waker, of whom it is for, is to
    /// be woken outside of the lock.
    pub(super) fn begin_message(&mut self, event: &Event, allowance: usize) -> Option<Waker> {
        self.clock(event.timestamp);
        self.note(event.event_id, None);
        self.allowance = Some(allowance);
        self.settle(event);
        if let EventKind::OrchestrationStarted {
            name,
            version,
            seed,
            parent,
            custom_status,
            kv,
            ..
        } = &event.kind
        {
            self.name.clone_from(name);
            self.version.clone_from(version);
            self.seed = *seed;
            self.parent.clone_from(parent);
            self.kept.custom_status.clone_from(custom_status);
            let entries = kv.iter().map(|entry| (entry.key.clone(), entry.clone()));
            if self.kept.kv.is_empty() || !planted!(LatestValues) {
                self.kept.kv = entries.collect();
            }
        }
        self.event_arrived(&event.kind)
    }

    /// Gives what came from outside to whoever waits for it. The waker is to be woken outside of the
    /// lock.
    fn event_arrived(&mut self, kind: &EventKind) -> Option<Waker> {
        match kind {
            EventKind::OrchestrationStarted { carried, .. } => {
                for (queue, data) in carried {
                    // Nobody waits yet.
                    self.queue_event_arrived(queue, data.clone());
                }
                None
            }
            EventKind::ExternalEvent { name, data } => self.event_raised(name, data),
            EventKind::QueueEventDelivered { name, data } => {
                self.queue_event_arrived(name, data.clone())
            }
            EventKind::OrchestrationCompleted { .. }
            | EventKind::OrchestrationFailed { .. }
            | EventKind::OrchestrationContinuedAsNew { .. }
            | EventKind::ActivityScheduled { .. }
            | EventKind::ActivityCompleted { .. }
            | EventKind::ActivityFailed { .. }
            | EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::TimerFired { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::OrchestrationCancelRequested { .. }
            | EventKind::SubOrchestrationScheduled { .. }
            | EventKind::SubOrchestrationCompleted { .. }
            | EventKind::SubOrchestrationFailed { .. }
            | EventKind::SubOrchestrationCancelRequested { .. }
            | EventKind::OrchestrationChained { .. }
            | EventKind::CustomStatusUpdated { .. }
            | EventKind::KeyValueSet { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalSubscribedCancelled { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueSubscriptionCancelled { .. } => None,
        }
    }

    /// An event stands in the history; the code is not asked.
    pub(super) fn take_in(&mut self, event: &Event, opens: Option<Request>) {
        self.clock(event.timestamp);
        self.note(event.event_id, opens.as_ref().map(Request::kind));
        if let Some(request) = opens {
            self.open(event.event_id, request, &event.kind);
        } else if let Some(source) = event.source_event_id {
            let closed = self.open.remove(&source);
            if let Some(Resolution::QueueEvent(data)) = closed.and_then(|it| it.resolution) {
                self.give_back(source, data, event.event_id);
            }
        }
        self.event_arrived(&event.kind);
        self.settle(event);
    }

    /// The history goes on to that event; what it says is not known.
    pub(super) fn skip_to(&mut self, last: EventId) {
        self.last = last;
        self.settled = last;
        self.open.clear();
    }

    /// Writes down a request of the code. `None` if it counts for nothing any more.
    pub(super) fn emit(
        &mut self,
        source: Option<EventId>,
        kind: EventKind,
        at: Option<&'static Location<'static>>,
    ) -> Option<EventId> {
        if self.closed {
            return None;
        }
        self.allowance = self
            .allowance
            .filter(|&allowance| self.emitted.len() < allowance);
        self.allowance?;
        if at.is_some() {
            self.last_call = at;
        }
        Some(self.push(source, kind, at))
    }

    /// What the engine asked for by itself is not the code's.
    pub(super) fn allow_more(&mut self, requests: usize) {
        self.allowance = self.allowance.map(|it| it.saturating_add(requests));
    }

    pub(super) fn push(
        &mut self,
        source: Option<EventId>,
        kind: EventKind,
        at: Option<&'static Location<'static>>,
    ) -> EventId {
        let id = self.last.next();
        let request = Request::of(&kind);
        self.note(id, request.as_ref().map(Request::kind));
        if let Some(request) = request {
            self.open(id, request, &kind);
        }
        let event = Event::new(id, source, self.now, kind);
        self.emitted.push_back(Emission { event, at });
        id
    }

    /// An operation begins. One that takes what is there has its answer at once.
    fn open(&mut self, id: EventId, request: Request, kind: &EventKind) {
        self.open.insert(id, Operation::of(request));
        match kind {
            EventKind::ExternalSubscribed { name } => self.wait_opened(id, name),
            EventKind::QueueSubscribed { name } => self.dequeue_opened(id, name),
            _ => {}
        }
    }

    pub(super) fn settle(&mut self, event: &Event) {
        self.settled = event.event_id;
        self.ended = event.kind.is_terminal();
        self.history_bytes = self.history_bytes.saturating_add(event.kind.text_bytes());
        self.queues.settle(event.event_id);
    }

    pub(super) fn note(&mut self, id: EventId, asked: Option<RequestKind>) {
        self.last = id;
        self.asked.push(asked);
    }

    /// Gives the answer to an open operation; the waker is to be woken outside of the lock.
    pub(super) fn resolve(&mut self, source: EventId, resolution: Resolution) -> Option<Waker> {
        let operation = self.open.get_mut(&source)?;
        operation.resolution = Some(resolution);
        let waker = operation.waker.take();
        self.awaited = self.awaited.saturating_sub(usize::from(waker.is_some()));
        waker
    }

    /// The code lost interest.
    pub(super) fn abandon(&mut self, id: EventId) -> Abandoned {
        let mut abandoned = Abandoned::default();
        let Some(operation) = self.open.get_mut(&id) else {
            return abandoned;
        };
        abandoned.dropped = operation.waker.take();
        self.awaited = self
            .awaited
            .saturating_sub(usize::from(abandoned.dropped.is_some()));
        let is_answered = operation.resolution.is_some();
        let request = operation.request.clone();
        if is_answered && request != Request::QueueEvent {
            self.open.remove(&id);
            return abandoned;
        }
        // No request any more? Then it stays open, and the end of the execution sees to it.
        let Some(cause) = self.emit(Some(id), request.cancellation(operations::DROPPED), None)
        else {
            return abandoned;
        };
        let operation = self.open.remove(&id);
        if let Some(Resolution::QueueEvent(data)) = operation.and_then(|it| it.resolution) {
            abandoned.woken = self.give_back(id, data, cause);
        }
        abandoned
    }

    /// What an unanswered question of the code is about; `None` if `source` is none.
    pub(super) fn unanswered(&self, source: EventId) -> Option<Request> {
        let operation = self.open.get(&source)?;
        let is_open = operation.resolution.is_none();
        is_open.then(|| operation.request.clone())
    }

    /// What was ever asked by that event, answered or not.
    pub(super) fn asked(&self, source: EventId) -> Option<RequestKind> {
        let index = usize::try_from(source.0.checked_sub(1)?).ok()?;
        self.asked.get(index).copied().flatten()
    }

    /// Ends the execution: everything open is cancelled, then the terminal event.
    pub(super) fn end(&mut self, terminal: EventKind) {
        let reason = operations::terminal_reason(&terminal);
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        if planted!(HashOrder) {
            let hasher = RandomState::new();
            open.sort_by_key(|(id, _)| hasher.hash_one(id.0));
        }
        for (id, operation) in open {
            match operation.resolution {
                None => {
                    self.push(Some(id), operation.request.cancellation(reason), None);
                }
                Some(Resolution::QueueEvent(data)) => self.keep_unread(id, data),
                Some(_read_by_nobody) => {}
            }
        }
        self.push(None, terminal, None);
    }

    /// Back to what is in the history: the proposals behind it are forgotten, and what they
    /// cancelled is open again.
    pub(super) fn rewind(&mut self) {
        for Emission { event, .. } in std::mem::take(&mut self.emitted) {
            if let (Some(source), Some(request)) =
                (event.source_event_id, Request::cancelled_by(&event.kind))
            {
                // Whatever answer the cancellation gave to the code.
                self.open.insert(source, Operation::of(request));
            }
        }
        self.take_moves_back();
        self.open.split_off(&self.settled.next());
        self.asked
            .truncate(usize::try_from(self.settled.0).unwrap_or(usize::MAX));
        self.last = self.settled;
    }

    /// Nobody is polled any more. The wakers are to be dropped outside of the lock.
    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        self.awaited = 0;
        let watching = self.cancellation.take_wakers();
        let operations = self.open.values_mut();
        let waiting = operations.filter_map(|it| it.waker.take());
        waiting.chain(watching).collect()
    }

    /// The requests since the last call, for the history.
    pub(super) fn take_emitted(&mut self) -> Vec<Event> {
        let emitted = std::mem::take(&mut self.emitted);
        let events: Vec<Event> = emitted.into_iter().map(|it| it.event).collect();
        for event in &events {
            self.settle(event);
        }
        events
    }

    pub(super) fn next_after_poll(&mut self) -> Next {
        if self.allowance.is_none() {
            Next::OverBudget
        } else if let Some(terminal) = self.ends_with.take() {
            Next::End(Box::new(terminal))
        } else if self.awaited > 0 {
            Next::Waits
        } else {
            Next::WaitsForNothing
        }
    }
}
