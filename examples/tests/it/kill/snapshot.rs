//! What a store holds right after a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use duroxide::EventKind;
use duroxide::history::Message;
use duroxide::provider::{ActivityFetch, ActivityItem, Provider as _, TurnFetch, TurnItem};
use duroxide::storage::redb::{Durability, RedbProvider};

use crate::store::{Instance, block_on, instances};
use crate::work::Work;

const LEASE: Duration = Duration::from_secs(600);
const LOST: Duration = Duration::from_secs(20);

/// An instance, and the event that asked for something; 0 for its start.
pub(super) type Key = (String, u64);

/// What a store holds right after a kill.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) instances: BTreeMap<String, Instance>,
    /// Acknowledged results that no turn has consumed yet.
    pub(super) completions: BTreeMap<Key, String>,
    /// How often something was delivered that is still there: the next delivery has this number.
    pub(super) deliveries: u32,
    activities: BTreeSet<Key>,
    answers: BTreeSet<Key>,
}

impl Snapshot {
    /// Reads a copy, so that what the next process opens is just what the kill left behind; and so
    /// that the queues can be emptied.
    pub(super) fn take(work: &Work) -> Self {
        let copy = work.path("copy.redb");
        fs::copy(work.store(), &copy).unwrap();
        block_on(async {
            let options = RedbProvider::options().durability(Durability::LosesLastSeconds);
            let store = options.open(&copy).unwrap();
            let mut snapshot = Self {
                instances: instances(&store).await,
                completions: BTreeMap::new(),
                deliveries: 0,
                activities: BTreeSet::new(),
                answers: BTreeSet::new(),
            };
            let all = snapshot.drain(&store);
            let in_time = tokio::time::timeout(LOST, all).await.is_ok();
            assert!(in_time, "nothing wakes these: {:?}", snapshot.unowed());
            snapshot
        })
    }

    /// Fetches until every open request has shown up: as a queued activity, or as a message that
    /// answers it; and every instance that has not begun as its start.
    async fn drain(&mut self, store: &RedbProvider) {
        while !self.unowed().is_empty() {
            tokio::select! {
                turns = store.fetch_turns(TurnFetch::new(1_000, LEASE)) => {
                    turns.unwrap().into_iter().for_each(|turn| self.turn(turn));
                }
                activities = store.fetch_activities(ActivityFetch::new(1_000, LEASE)) => {
                    for item in activities.unwrap() {
                        self.activity(&item);
                        // Out of the way: those that were out in several crashes come one by one.
                        store.abandon_activity(&item.lock, LEASE, true).await.unwrap();
                    }
                }
            }
        }
    }

    fn unowed(&self) -> Vec<Key> {
        let owed = self.instances.iter().flat_map(|(id, instance)| {
            let not_begun = instance.history.is_empty().then_some(0);
            let open = instance.open().map(|event| event.event_id.0);
            not_begun.into_iter().chain(open).map(|e| (id.clone(), e))
        });
        owed.filter(|key| !self.activities.contains(key) && !self.answers.contains(key))
            .collect()
    }

    fn activity(&mut self, item: &ActivityItem) {
        let key = (item.instance.to_string(), item.source.0);
        self.check_is_open(&key);
        self.deliveries = self.deliveries.max(item.attempt);
        assert!(!self.answers.contains(&key), "{key:?}: answered and queued");
        assert!(self.activities.insert(key.clone()), "{key:?}: queued twice");
    }

    fn turn(&mut self, item: TurnItem) {
        let id = item.lock.instance.to_string();
        for message in item.messages {
            self.deliveries = self.deliveries.max(message.attempt);
            let (source, result) = match message.message.unwrap() {
                Message::Start(_) => (0, None),
                Message::ActivityCompleted { source, result, .. } => (source.0, Some(result)),
                Message::TimerFired { source, .. } => (source.0, None),
                other => panic!("{id}: {other:?}"),
            };
            let key = (id.clone(), source);
            self.check_is_open(&key);
            assert!(
                !self.activities.contains(&key),
                "{key:?}: answered and queued"
            );
            assert!(self.answers.insert(key.clone()), "{key:?}: answered twice");
            if let Some(result) = result {
                self.completions.insert(key, result);
            }
        }
    }

    /// Nothing is queued, and nothing arrives, for what is over.
    fn check_is_open(&self, (id, source): &Key) {
        let instance = &self.instances[id];
        let is_open = match source {
            0 => instance.history.is_empty(),
            _ => instance.open().any(|event| event.event_id.0 == *source),
        };
        assert!(is_open, "{id}: {source} is not open: {instance:#?}");
    }

    /// The results that are durable, whether a turn has consumed them or not.
    pub(super) fn acknowledged(&self) -> BTreeMap<Key, String> {
        let recorded = self.instances.iter().flat_map(|(id, instance)| {
            let completions = instance.completions();
            completions.map(|(source, result)| ((id.clone(), source), result.to_owned()))
        });
        recorded.chain(self.completions.clone()).collect()
    }

    /// The name of the activity that this event asked for.
    pub(super) fn asked_for(&self, (id, source): &Key) -> Option<&str> {
        let history = &self.instances.get(id)?.history;
        let event = history.iter().find(|event| event.event_id.0 == *source)?;
        match &event.kind {
            EventKind::ActivityScheduled { name, .. } => Some(name),
            _ => None,
        }
    }
}
