//! Everything that is in motion, in memory: who is ready, who works on what, which changes wait
//! for the disk. Nothing here blocks, reads a clock or touches the file; every update leaves the
//! whole in order. The verbs are in `commits`, `turns` and
//! `activities`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use lru::LruCache;
use tokio::sync::oneshot;

use crate::history::InstanceId;
use crate::storage::redb::bodies::TimerKey;
use crate::storage::redb::group::Changes;
use crate::storage::redb::inbox::{Inbox, Row};
use crate::storage::redb::limits::{IDLE_ROWS, MAX_GROUP_BYTES};
use crate::storage::redb::lot::Lot;
use crate::storage::redb::queue::{Activities, Interest};
use crate::storage::redb::ready::{Lane, Ready};
use crate::storage::redb::recovery::{Found, InHand};
use crate::storage::redb::removal::Watch;
use crate::storage::redb::sent::SentIds;
use crate::storage::redb::shelves::Shelf;
use crate::storage::redb::timers::Timers;
use crate::storage::redb::watched::Watched;
use crate::time::Timestamp;

/// The time, read once for each call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The monotonic clock: leases, delays.
    pub(crate) elapsed: Duration,
    /// The wall clock: timers.
    pub(crate) wall: Timestamp,
}

/// Completes when a group is on disk; closed without a word if it is lost.
pub(crate) type Durable = oneshot::Receiver<()>;

/// The index of a store.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) incarnation: u64,
    grants: u64,
    pub(crate) next_instance: u64,
    pub(crate) next_message: u64,
    pub(crate) inboxes: HashMap<u64, Inbox>,
    /// Rows of instances without an inbox, as far as they are remembered.
    idle: LruCache<u64, Row>,
    /// Of all rows in memory.
    pub(crate) by_id: HashMap<InstanceId, u64>,
    /// Grows when a row is forgotten or an instance deleted: what was read before that may be out
    /// of date.
    pub(crate) forgotten: u64,
    pub(crate) ready: Ready,
    pub(crate) due: BTreeSet<(Duration, TurnDue)>,
    pub(crate) timers: Timers,
    pub(crate) activities: Activities,
    /// Instances that are deleted, and that the disk may still have.
    pub(crate) buried: HashSet<u64>,
    /// What a deletion under way has to know.
    pub(crate) removal: Option<Watch>,
    pub(crate) turn_lot: Lot<(u32, u32), Lane>,
    pub(crate) activity_lot: Lot<Interest, Shelf>,
    pub(crate) open: Group,
    /// Being written; its changes are with the writer.
    pub(crate) in_flight: Option<Group>,
    /// The last group that is on disk.
    pub(crate) durable: u64,
    /// Bytes of payloads in memory.
    pub(crate) resident: usize,
    /// Who waits for which instance to change.
    pub(crate) watched: HashMap<InstanceId, Watched>,
    pub(crate) sent_ids: SentIds,
}

/// What falls due on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TurnDue {
    Lease { instance: u64, epoch: u64 },
    Message { instance: u64 },
}

/// Requests that become durable together.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) number: u64,
    pub(crate) changes: Changes,
    pub(crate) waiters: Vec<oneshot::Sender<()>>,
    pub(crate) effects: Vec<Effect>,
    /// Instances with a message of this group that nobody took yet.
    pub(crate) awaited: HashSet<u64>,
    /// Instances with a message of this group that somebody works on.
    pub(crate) leased: HashSet<u64>,
    /// What was handed out and is done with as soon as this group is on disk.
    pub(crate) in_hand: InHand,
}

/// What may be seen only when it is on disk.
#[derive(Debug)]
pub(crate) enum Effect {
    /// The lease of a committed turn ends.
    ReleaseTurn {
        instance: u64,
        epoch: u64,
    },
    /// A message whose content is on disk can be read.
    ShowMessage {
        instance: u64,
    },
    /// An activity can be fetched.
    OfferActivity(u64),
    ArmTimer(TimerKey),
    SettleTimer(TimerKey),
    /// Whoever waits for a change of the instance looks again.
    Changed(InstanceId),
    /// The same, and whoever waits for its end.
    Ended(InstanceId),
    /// The disk does not have the instance any more.
    Buried(u64),
}

impl State {
    pub(crate) fn new(incarnation: u64, found: Found, now: Moment) -> Self {
        let idle = NonZeroUsize::new(IDLE_ROWS).unwrap_or(NonZeroUsize::MIN);
        let mut state = Self {
            incarnation,
            grants: 0,
            next_instance: found.next_instance,
            next_message: found.next_message,
            inboxes: HashMap::new(),
            idle: LruCache::new(idle),
            by_id: HashMap::new(),
            forgotten: 0,
            ready: Ready::default(),
            due: BTreeSet::new(),
            timers: found.timers,
            activities: found.activities,
            buried: HashSet::new(),
            removal: None,
            turn_lot: Lot::default(),
            activity_lot: Lot::default(),
            open: Group {
                number: 1,
                ..Group::default()
            },
            in_flight: None,
            durable: 0,
            resident: found.resident,
            watched: HashMap::new(),
            sent_ids: SentIds::default(),
        };
        for (instance, message) in found.messages {
            if let Some(id) = message.sent_as {
                state.sent_ids.insert(instance, id);
            }
            state.inboxes.entry(instance).or_default().add(message);
            state.enqueue(instance, now.elapsed);
        }
        // Nobody is there yet to be woken.
        state.activities.take_news();
        state
    }

    /// Takes over who waits from a state that is void.
    pub(crate) fn inherit(&mut self, void: &mut Self) {
        self.turn_lot = std::mem::take(&mut void.turn_lot);
        self.activity_lot = std::mem::take(&mut void.activity_lot);
        self.watched = std::mem::take(&mut void.watched);
        // What was read before is out of date.
        self.forgotten = void.forgotten.wrapping_add(1);
    }

    /// Lets everybody who waits look again.
    pub(crate) fn wake_everybody(&mut self) {
        self.turn_lot.wake_all();
        self.activity_lot.wake_all();
        for watched in self.watched.values() {
            watched.ended();
        }
    }

    /// The epoch of the next lock: larger than all before it, those of earlier lives included.
    pub(crate) fn grant(&mut self) -> u64 {
        self.grants = self.grants.saturating_add(1);
        (self.incarnation << 40).saturating_add(self.grants)
    }

    pub(crate) fn message_id(&mut self) -> u64 {
        let id = self.next_message;
        self.next_message = id.saturating_add(1);
        id
    }

    /// The row of an instance, if it is in memory.
    pub(crate) fn row(&self, instance: u64) -> Option<&Row> {
        match self.inboxes.get(&instance) {
            Some(inbox) => inbox.row.as_ref(),
            None => self.idle.peek(&instance),
        }
    }

    /// Whether commits for this instance can be judged.
    pub(crate) fn knows(&self, id: &InstanceId) -> bool {
        let instance = self.by_id.get(id);
        instance.is_some_and(|instance| self.row(*instance).is_some())
    }

    /// The inbox of an instance, with its row if that is in memory.
    pub(crate) fn inbox(&mut self, instance: u64) -> &mut Inbox {
        let idle = &mut self.idle;
        self.inboxes.entry(instance).or_insert_with(|| Inbox {
            row: idle.pop(&instance),
            ..Inbox::default()
        })
    }

    /// Remembers a row that was read from disk, unless memory has one: that is never older.
    pub(crate) fn remember(&mut self, instance: u64, row: Row) {
        if self.row(instance).is_some() || self.buried.contains(&instance) {
            return;
        }
        self.by_id.insert(row.head.id.clone(), instance);
        match self.inboxes.get_mut(&instance) {
            Some(inbox) => inbox.row = Some(row),
            None => self.keep_idle(instance, row),
        }
    }

    /// Forgets an inbox in which nothing happens any more.
    pub(crate) fn retire(&mut self, instance: u64) {
        if !self.inboxes.get(&instance).is_some_and(Inbox::is_idle) {
            return;
        }
        if let Some(row) = self.inboxes.remove(&instance).and_then(|inbox| inbox.row) {
            self.keep_idle(instance, row);
        }
    }

    /// Forgets the row of an instance without an inbox.
    pub(crate) fn forget_row(&mut self, instance: u64) {
        self.idle.pop(&instance);
    }

    /// The row of an instance, if it is in memory.
    pub(crate) fn row_mut(&mut self, instance: u64) -> Option<&mut Row> {
        match self.inboxes.get_mut(&instance) {
            Some(inbox) => inbox.row.as_mut(),
            None => self.idle.peek_mut(&instance),
        }
    }

    fn keep_idle(&mut self, instance: u64, row: Row) {
        if let Some((other, forgotten)) = self.idle.push(instance, row)
            && other != instance
        {
            self.by_id.remove(&forgotten.head.id);
            self.forgotten = self.forgotten.wrapping_add(1);
        }
    }

    /// Puts an instance into the ready queue if it belongs there; where it was put.
    pub(crate) fn enqueue(&mut self, instance: u64, elapsed: Duration) -> Option<Lane> {
        let inbox = self.inboxes.get_mut(&instance)?;
        if inbox.queued || !inbox.is_ready(elapsed, self.durable) {
            return None;
        }
        inbox.queued = true;
        let lane = inbox.row.as_ref().and_then(|row| row.semantics);
        self.ready.push(lane, instance);
        Some(lane)
    }

    /// Like [`State::enqueue`]; one parked fetch comes for it.
    pub(crate) fn offer(&mut self, instance: u64, elapsed: Duration) {
        if let Some(lane) = self.enqueue(instance, elapsed) {
            self.call_for_turn(lane);
        }
    }

    /// Waits for the open group.
    pub(crate) fn join(&mut self) -> Durable {
        let (waiter, durable) = oneshot::channel();
        self.open.waiters.push(waiter);
        durable
    }

    /// Waits for all that was applied so far; `None` if it is on disk.
    pub(crate) fn barrier(&mut self) -> Option<Durable> {
        if self.open.is_pending() {
            return Some(self.join());
        }
        let in_flight = self.in_flight.as_mut()?;
        let (waiter, durable) = oneshot::channel();
        in_flight.waiters.push(waiter);
        Some(durable)
    }

    /// Whether the open group should wait: a turn that its own messages caused is about to join.
    pub(crate) fn should_hold(&self, max_group: usize) -> bool {
        let open = &self.open;
        if open.waiters.len() >= max_group || open.changes.load().bytes >= MAX_GROUP_BYTES {
            return false;
        }
        !open.leased.is_empty() || (!open.awaited.is_empty() && self.turn_lot.is_attended())
    }

    /// Closes the open group for the writer.
    pub(crate) fn close_group(&mut self) -> Changes {
        let next = Group {
            number: self.open.number.saturating_add(1),
            ..Group::default()
        };
        let mut group = std::mem::replace(&mut self.open, next);
        let changes = std::mem::take(&mut group.changes);
        self.in_flight = Some(group);
        changes
    }

    /// The group in flight is on disk: its effects may be seen. Gives those to be answered.
    pub(crate) fn settle(&mut self, now: Moment) -> Vec<oneshot::Sender<()>> {
        let Some(group) = self.in_flight.take() else {
            return Vec::new();
        };
        self.durable = group.number;
        for effect in group.effects {
            match effect {
                Effect::ReleaseTurn { instance, epoch } => {
                    self.end_lease(instance, epoch);
                    self.offer(instance, now.elapsed);
                    self.retire(instance);
                }
                Effect::ShowMessage { instance } => self.offer(instance, now.elapsed),
                Effect::OfferActivity(sequence) => self.offer_activity(sequence),
                Effect::ArmTimer(key) => {
                    self.timers.arm(key);
                    if let Some(wait) = self.timers.next_in(now.wall) {
                        self.turn_lot.expect(now.elapsed.saturating_add(wait));
                    }
                }
                Effect::SettleTimer(key) => self.timers.settle(&key),
                Effect::Buried(instance) => {
                    self.buried.remove(&instance);
                    self.forgotten = self.forgotten.wrapping_add(1);
                }
                Effect::Changed(id) => {
                    if let Some(watched) = self.watched.get(&id) {
                        watched.changed();
                    }
                }
                Effect::Ended(id) => {
                    if let Some(watched) = self.watched.get(&id) {
                        watched.ended();
                    }
                }
            }
        }
        group.waiters
    }
}

impl Group {
    /// Whether there is something to be written, or somebody to be answered.
    pub(crate) fn is_pending(&self) -> bool {
        !self.changes.is_empty() || !self.waiters.is_empty()
    }
}
