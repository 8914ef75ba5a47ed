//! Durable timers: the near ones in memory, the far ones in their table until they come near.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use crate::history::{EventId, ExecutionId};
use crate::storage::redb::bodies::TimerKey;
use crate::storage::redb::inbox::Deliveries;
use crate::time::Timestamp;

/// How far ahead timers are in memory.
pub(crate) const NEAR: Duration = Duration::from_secs(60);
/// The most timers that are loaded at a time.
pub(crate) const BATCH: usize = 4_096;
/// With timers about, somebody looks at the wall clock that often: it may have been set.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(30);

/// A timer that waits in memory.
#[derive(Debug)]
pub(crate) struct Near {
    pub(crate) deliveries: Deliveries,
    /// What is wrong with its row.
    pub(crate) problem: Option<String>,
}

/// The timers of a store.
#[derive(Debug)]
pub(crate) struct Timers {
    near: BTreeMap<TimerKey, Near>,
    /// All timers in the table that are due before this one are in memory.
    horizon: TimerKey,
    /// Whether the table may have some behind the horizon.
    more: bool,
    /// Far timers whose removal is not durable yet: the table still has them.
    removed: HashSet<TimerKey>,
}

impl Timers {
    /// No timers are in memory: those due before `horizon` are to be added.
    pub(crate) fn new(horizon: TimerKey, more: bool) -> Self {
        Self {
            near: BTreeMap::new(),
            horizon,
            more,
            removed: HashSet::new(),
        }
    }

    /// Where to go on loading, and up to when, if it is time.
    pub(crate) fn to_load(&self, now: Timestamp) -> Option<(TimerKey, Timestamp)> {
        let soon = now.saturating_add(NEAR.saturating_sub(LOOK_AT_CLOCK));
        let due = self.more && self.horizon.fire_at <= soon;
        due.then(|| (self.horizon, now.saturating_add(NEAR)))
    }

    /// Takes what was read from the table, and how far that reaches.
    pub(crate) fn loaded(&mut self, timers: Loaded) {
        for (key, near) in timers.near {
            if !self.removed.contains(&key) {
                self.near.insert(key, near);
            }
        }
        self.horizon = timers.horizon;
        self.more = timers.more;
    }

    /// A timer became durable.
    pub(crate) fn arm(&mut self, key: TimerKey) {
        if key < self.horizon {
            let near = Near {
                deliveries: Deliveries::default(),
                problem: None,
            };
            self.near.insert(key, near);
        } else {
            self.more = true;
        }
    }

    /// Forgets a timer.
    pub(crate) fn remove(&mut self, key: TimerKey) -> Removed {
        if self.near.remove(&key).is_some() {
            Removed::Near
        } else if key < self.horizon {
            Removed::Fired
        } else {
            self.removed.insert(key);
            Removed::Far
        }
    }

    /// The removal of a far timer became durable.
    pub(crate) fn settle(&mut self, key: &TimerKey) {
        self.removed.remove(key);
    }

    /// The timers in memory.
    pub(crate) fn near(&self) -> impl Iterator<Item = (&TimerKey, &Near)> {
        self.near.iter()
    }

    /// The earliest timer, if it is due.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(TimerKey, Near)> {
        let entry = self.near.first_entry()?;
        (entry.key().fire_at <= now).then(|| entry.remove_entry())
    }

    /// How long until there is something to do.
    pub(crate) fn next_in(&self, now: Timestamp) -> Option<Duration> {
        let near = self.near.keys().next().map(|key| key.fire_at.since(now));
        if near.is_none() && !self.more {
            return None;
        }
        if self.to_load(now).is_some() {
            return Some(Duration::ZERO);
        }
        Some(near.unwrap_or(LOOK_AT_CLOCK).min(LOOK_AT_CLOCK))
    }
}

/// Where a timer was when it was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removed {
    Near,
    /// In its table only; [`Timers::settle`] is to follow.
    Far,
    /// Nowhere: it is a message by now, or never was.
    Fired,
}

/// Timers as they were read from the table.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) near: Vec<(TimerKey, Near)>,
    pub(crate) horizon: TimerKey,
    pub(crate) more: bool,
}

/// Before all timers that are due at `moment`.
pub(crate) fn before(moment: Timestamp) -> TimerKey {
    TimerKey {
        fire_at: moment,
        instance: 0,
        execution_id: ExecutionId(0),
        source: EventId::NONE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> TimerKey {
        TimerKey {
            instance: 1,
            ..before(Timestamp::from_millis(millis))
        }
    }

    fn timers() -> Timers {
        Timers::new(before(Timestamp::from_millis(60_000)), false)
    }

    #[test]
    fn timers_fall_due_in_order_and_never_early() {
        let mut timers = timers();
        timers.arm(at(20));
        timers.arm(at(10));
        assert!(timers.pop_due(Timestamp::from_millis(9)).is_none());
        let now = Timestamp::from_millis(30);
        let fired: Vec<_> = std::iter::from_fn(|| timers.pop_due(now))
            .map(|(key, _)| key.fire_at.as_millis())
            .collect();
        assert_eq!(fired, [10, 20]);
    }

    #[test]
    fn a_far_timer_is_left_in_its_table_until_it_comes_near() {
        let mut timers = timers();
        assert_eq!(timers.next_in(Timestamp::ZERO), None);
        timers.arm(at(100_000));
        assert_eq!(timers.next_in(Timestamp::ZERO), Some(LOOK_AT_CLOCK));
        let now = Timestamp::from_millis(30_000);
        assert_eq!(timers.next_in(now), Some(Duration::ZERO));
        assert!(timers.to_load(now).is_some());
    }

    fn loaded(keys: &[TimerKey], horizon: TimerKey) -> Loaded {
        let near = |key: &TimerKey| {
            let near = Near {
                deliveries: Deliveries::default(),
                problem: None,
            };
            (*key, near)
        };
        Loaded {
            near: keys.iter().map(near).collect(),
            horizon,
            more: true,
        }
    }

    /// The first one behind what was loaded: it fires once, and not at all if it was removed.
    #[test]
    fn a_timer_at_the_horizon_is_left_to_the_next_load() {
        let now = Timestamp::from_millis(30);
        let mut timers = timers();
        timers.loaded(loaded(&[at(10)], at(20)));
        // The load saw its row before memory heard of it.
        timers.arm(at(20));
        assert!(timers.pop_due(now).is_some_and(|(key, _)| key == at(10)));
        assert!(timers.pop_due(now).is_none());
        assert_eq!(timers.to_load(now).map(|(from, _)| from), Some(at(20)));
        timers.loaded(loaded(&[at(20)], at(25)));
        assert!(timers.pop_due(now).is_some_and(|(key, _)| key == at(20)));
        assert!(timers.pop_due(now).is_none());
        assert_eq!(timers.remove(at(20)), Removed::Fired);

        assert_eq!(timers.remove(at(25)), Removed::Far);
        timers.loaded(loaded(&[at(25)], at(40)));
        assert!(timers.pop_due(now).is_none());
    }

    #[test]
    fn a_far_timer_removed_while_it_is_loaded_does_not_come_back() {
        let mut timers = timers();
        timers.arm(at(100_000));
        assert_eq!(timers.remove(at(100_000)), Removed::Far);
        let horizon = before(Timestamp::from_millis(200_000));
        timers.loaded(loaded(&[at(100_000)], horizon));
        assert!(timers.pop_due(Timestamp::from_millis(100_000)).is_none());
    }
}
