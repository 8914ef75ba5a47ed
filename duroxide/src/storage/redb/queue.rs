//! The queue of activities: which are not done, and which of them could be taken by whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::history::{EventId, ExecutionId};
use crate::provider::{ActivityFetch, ActivityLock, ActivityRequest, SessionFetch, TagFilter};
use crate::storage::redb::bodies::{ActivityKey, Routing};
use crate::storage::redb::inbox::{Deliveries, Head};
use crate::storage::redb::isolation::Isolation;
use crate::storage::redb::recovery;
use crate::storage::redb::sessions::{Member, Sessions};
use crate::storage::redb::shelves::{Holder, Shelf, Shelves};

/// What a fetch wants; those that want the same stand together where they wait.
pub(crate) type Interest = (TagFilter, Option<SessionFetch>);

/// All activities that are not done.
#[derive(Debug)]
pub(crate) struct Activities {
    pub(crate) next: u64,
    entries: HashMap<u64, Entry>,
    /// By the event that scheduled it.
    by_source: BTreeMap<Source, u64>,
    /// Durable, visible and not leased; first in, first out.
    shelves: Shelves,
    sessions: Sessions,
    isolation: Isolation,
    due: BTreeSet<(Duration, u64)>,
}

/// Instance, execution and event.
pub(crate) type Source = (u64, ExecutionId, EventId);

/// One activity that is not done.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: ActivityKey,
    pub(crate) routing: Routing,
    pub(crate) head: Option<Arc<Head>>,
    /// `None`: to be read from the history.
    pub(crate) request: Option<Result<ActivityRequest, String>>,
    pub(crate) deliveries: Deliveries,
    /// Out in several crashes: it starts alone.
    pub(crate) is_isolated: bool,
    pub(crate) lease: Option<ActivityLease>,
    /// When the lease ends, or the delay: its place among what is due.
    pub(crate) due: Option<Duration>,
}

/// The right to complete an activity.
#[derive(Debug)]
pub(crate) struct ActivityLease {
    pub(crate) epoch: u64,
    pub(crate) token: u128,
    pub(crate) expires: Duration,
    /// As whom it was taken.
    pub(crate) owner: Option<String>,
}

impl Entry {
    fn place(&self) -> Shelf {
        Shelf {
            alone: self.is_isolated,
            holder: Holder::Everybody,
            tag: self.routing.tag.clone(),
        }
    }

    fn member(&self) -> Option<Member<'_>> {
        Some(Member {
            session: self.routing.session.as_deref()?,
            sequence: self.key.sequence,
            alone: self.is_isolated,
            tag: self.routing.tag.as_deref(),
        })
    }
}

impl Activities {
    /// The queue of a new store.
    pub(crate) fn new() -> Self {
        Self {
            next: 1,
            entries: HashMap::new(),
            by_source: BTreeMap::new(),
            shelves: Shelves::default(),
            sessions: Sessions::default(),
            isolation: Isolation::default(),
            due: BTreeSet::new(),
        }
    }

    /// The activities that are not done.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// Adds an activity that was found on disk.
    pub(crate) fn found(&mut self, entry: Entry) {
        let sequence = entry.key.sequence;
        self.next = recovery::behind(self.next, sequence);
        self.add(entry);
        self.make_ready(sequence);
    }

    /// Adds an activity that cannot be taken yet.
    pub(crate) fn add(&mut self, entry: Entry) {
        let ActivityKey {
            sequence,
            instance,
            execution_id,
            source,
        } = entry.key;
        self.by_source
            .insert((instance, execution_id, source), sequence);
        if let Some(member) = entry.member() {
            self.sessions.add(member, &mut self.shelves);
        }
        self.entries.insert(sequence, entry);
    }

    pub(crate) fn of_source(&self, source: &Source) -> Option<u64> {
        self.by_source.get(source).copied()
    }

    /// All that are not done of one instance.
    pub(crate) fn of_instance(&self, instance: u64) -> Vec<u64> {
        let first = (instance, ExecutionId(0), EventId(0));
        let last = (instance, ExecutionId(u64::MAX), EventId(u64::MAX));
        let all = self.by_source.range(first..=last);
        all.map(|(_, sequence)| *sequence).collect()
    }

    pub(crate) fn entry(&mut self, sequence: u64) -> Option<&mut Entry> {
        self.entries.get_mut(&sequence)
    }

    /// The entry that a lock is good for.
    pub(crate) fn locked(&mut self, lock: &ActivityLock) -> Option<&mut Entry> {
        self.entries.get_mut(&lock.activity).filter(|entry| {
            entry
                .lease
                .as_ref()
                .is_some_and(|lease| lease.epoch == lock.epoch && lease.token == lock.token)
        })
    }

    /// It can be taken. False: there is no such activity.
    pub(crate) fn make_ready(&mut self, sequence: u64) -> bool {
        let Some(entry) = self.entries.get(&sequence) else {
            return false;
        };
        match entry.member() {
            Some(member) => self.sessions.make_ready(member, &mut self.shelves),
            None => self.shelves.put(entry.place(), sequence),
        }
        true
    }

    /// It cannot be taken for the moment.
    pub(crate) fn put_off(&mut self, sequence: u64) {
        let Some(entry) = self.entries.get(&sequence) else {
            return;
        };
        match entry.member() {
            Some(member) => self.sessions.put_off(member, &mut self.shelves),
            None => self.shelves.remove(&entry.place(), sequence),
        }
    }

    /// The next one for this fetch.
    pub(crate) fn first(&self, fetch: &ActivityFetch) -> Option<u64> {
        if self.isolation.is_open()
            && self.shelves.has_alone()
            && let Some(sequence) = self.first_of(fetch, true)
        {
            return Some(sequence);
        }
        self.first_of(fetch, false)
    }

    fn first_of(&self, fetch: &ActivityFetch, alone: bool) -> Option<u64> {
        let first = |holder: Holder| {
            let in_order = holder.is_in_order();
            let may_be = |sequence| !in_order || self.is_next(sequence, &fetch.tags);
            self.shelves.first(alone, holder, &fetch.tags, may_be)
        };
        let mut firsts = vec![first(Holder::Everybody)];
        if let Some(sessions) = &fetch.sessions {
            let in_order = sessions.one_at_a_time;
            let owner = sessions.owner_id.clone();
            firsts.push(first(Holder::Owner { owner, in_order }));
            if self.may_claim(sessions) {
                firsts.push(first(Holder::Claimant { in_order }));
            }
        }
        firsts.into_iter().flatten().min()
    }

    /// Whether it is the next one of its session, for this filter.
    fn is_next(&self, sequence: u64, tags: &TagFilter) -> bool {
        let session = self.entries.get(&sequence);
        let session = session.and_then(|entry| entry.routing.session.as_deref());
        session.is_some_and(|session| self.sessions.is_next(session, sequence, tags))
    }

    fn may_claim(&self, sessions: &SessionFetch) -> bool {
        self.sessions.owned_by(&sessions.owner_id) < sessions.max_sessions
    }

    /// Whether a fetch with this interest could take what stands there.
    pub(crate) fn wants(&self, (tags, sessions): &Interest, place: &Shelf) -> bool {
        if !tags.matches(place.tag.as_deref()) || (place.alone && !self.isolation.is_open()) {
            return false;
        }
        let is_there = !place.holder.is_in_order() || {
            let next = self
                .shelves
                .find(place, |sequence| self.is_next(sequence, tags));
            next.is_some()
        };
        match (&place.holder, sessions) {
            _ if !is_there => false,
            (Holder::Everybody, _) => true,
            (Holder::Claimant { in_order }, Some(sessions)) => {
                sessions.one_at_a_time == *in_order && self.may_claim(sessions)
            }
            (Holder::Owner { owner, in_order }, Some(sessions)) => {
                sessions.one_at_a_time == *in_order && sessions.owner_id == *owner
            }
            (Holder::Claimant { .. } | Holder::Owner { .. }, None) => false,
        }
    }

    /// It is leased, and its session claimed.
    pub(crate) fn take(&mut self, sequence: u64, fetch: &ActivityFetch, elapsed: Duration) {
        let Some(entry) = self.entries.get(&sequence) else {
            return;
        };
        if entry.is_isolated {
            self.isolation.start(sequence, elapsed);
        }
        match (entry.member(), &fetch.sessions) {
            (Some(member), Some(sessions)) => {
                let shelves = &mut self.shelves;
                self.sessions.take(member, sessions, elapsed, shelves);
            }
            _ => self.shelves.remove(&entry.place(), sequence),
        }
    }

    /// Whoever took it works on it.
    pub(crate) fn touch(&mut self, sequence: u64, elapsed: Duration) {
        if let Some(entry) = self.entries.get(&sequence)
            && let Some(session) = &entry.routing.session
            && let Some(owner) = entry.lease.as_ref().and_then(|lease| lease.owner.as_ref())
        {
            self.sessions.touch(session, owner, elapsed);
        }
    }

    /// Prolongs claims on sessions; how many.
    pub(crate) fn renew_sessions(
        &mut self,
        owners: &BTreeSet<&String>,
        lock_timeout: Duration,
        idle_timeout: Duration,
        elapsed: Duration,
    ) -> usize {
        let sessions = &mut self.sessions;
        let renewed = owners
            .iter()
            .map(|owner| sessions.renew(owner, lock_timeout, idle_timeout, elapsed));
        renewed.sum()
    }

    /// Ends claims on sessions; how many. One whose time is over is none, also if nobody looked at it
    /// since.
    pub(crate) fn release_sessions(
        &mut self,
        owners: &BTreeSet<&String>,
        elapsed: Duration,
    ) -> usize {
        let (sessions, shelves) = (&mut self.sessions, &mut self.shelves);
        sessions.promote(elapsed, shelves);
        let released = owners.iter().map(|owner| sessions.release(owner, shelves));
        released.sum()
    }

    /// It came back, is done, or is gone: the next may start alone.
    pub(crate) fn end_isolation(&mut self, sequence: u64) {
        if self.isolation.end(sequence) {
            self.shelves.announce(|place| place.alone);
        }
    }

    /// Lets leases, delays and claims end.
    pub(crate) fn promote(&mut self, elapsed: Duration) {
        while let Some(&(due, sequence)) = self.due.first() {
            if due > elapsed {
                break;
            }
            self.due.pop_first();
            if let Some(entry) = self.entries.get_mut(&sequence) {
                entry.due = None;
                self.end_isolation(sequence);
                self.make_ready(sequence);
            }
        }
        self.sessions.promote(elapsed, &mut self.shelves);
        if self.isolation.promote(elapsed) {
            self.shelves.announce(|place| place.alone);
        }
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        let due = self.due.first().map(|(due, _)| *due);
        let claims = self.sessions.next_due();
        let alone = self.isolation.next_due();
        let alone = alone.filter(|_| self.shelves.has_alone());
        due.into_iter().chain(claims).chain(alone).min()
    }

    pub(crate) fn remove(&mut self, sequence: u64) -> Option<Entry> {
        let entry = self.entries.remove(&sequence)?;
        let ActivityKey {
            instance,
            execution_id,
            source,
            ..
        } = entry.key;
        let by_source = (instance, execution_id, source);
        if self.by_source.get(&by_source) == Some(&sequence) {
            self.by_source.remove(&by_source);
        }
        match entry.member() {
            Some(member) => self.sessions.remove(member, &mut self.shelves),
            None => self.shelves.remove(&entry.place(), sequence),
        }
        if let Some(due) = entry.due {
            self.due.remove(&(due, sequence));
        }
        self.end_isolation(sequence);
        Some(entry)
    }

    /// Moves an entry among what is due; `None` takes it out.
    pub(crate) fn schedule(&mut self, sequence: u64, due: Option<Duration>) {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut entry.due, due) {
            self.due.remove(&(old, sequence));
        }
        if let Some(due) = due {
            self.due.insert((due, sequence));
        }
    }

    /// Whether something stands there.
    pub(crate) fn has(&self, place: &Shelf) -> bool {
        self.shelves.has(place)
    }

    /// What could be taken since the last call, and still can.
    pub(crate) fn take_news(&mut self) -> Vec<Shelf> {
        let news = self.shelves.take_news().into_iter();
        let still = news.filter(|(place, sequence)| self.shelves.holds(place, *sequence));
        still.map(|(place, _)| place).collect()
    }
}
