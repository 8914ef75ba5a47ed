//! Rows that go together, however many there are: they are named by what they belong to.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{EventId, ExecutionId};
use crate::storage::redb::schema::RowKey;

/// Which rows go. An execution is never added to once it is forgotten, and an instance never once
/// it is dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges {
    /// Instances whose values all go.
    cleared: BTreeSet<u64>,
    /// (instance, first execution) to last execution: their histories go. They never overlap.
    forgotten: BTreeMap<(u64, u64), u64>,
    /// Instances of which all goes that stands under their number.
    dropped: BTreeSet<u64>,
}

/// One of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gone {
    Values(u64),
    /// Instance, first and last execution.
    Executions(u64, u64, u64),
    Instance(u64),
}

impl Ranges {
    pub(crate) fn is_empty(&self) -> bool {
        self.cleared.is_empty() && self.forgotten.is_empty() && self.dropped.is_empty()
    }

    /// All of them, in the order in which they are taken out of the tables.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Gone> {
        let values = self.cleared.iter().map(|&instance| Gone::Values(instance));
        let executions = self.forgotten.iter();
        let executions =
            executions.map(|(&(instance, first), &last)| Gone::Executions(instance, first, last));
        let instances = self
            .dropped
            .iter()
            .map(|&instance| Gone::Instance(instance));
        values.chain(executions).chain(instances)
    }

    pub(crate) fn add(&mut self, gone: Gone) {
        match gone {
            Gone::Values(instance) => {
                self.cleared.insert(instance);
            }
            Gone::Executions(instance, first, last) => self.forget(instance, first, last),
            Gone::Instance(instance) => {
                self.dropped.insert(instance);
            }
        }
    }

    /// Makes one range of all that touch each other: an instance may forget one execution after
    /// the other.
    fn forget(&mut self, instance: u64, mut first: u64, mut last: u64) {
        while let Some((&(_, start), &end)) = self
            .forgotten
            .range((instance, 0)..=(instance, last.saturating_add(1)))
            .next_back()
            && end.saturating_add(1) >= first
        {
            self.forgotten.remove(&(instance, start));
            first = first.min(start);
            last = last.max(end);
        }
        self.forgotten.insert((instance, first), last);
    }

    /// Whether the row goes.
    pub(crate) fn covers(&self, key: &RowKey) -> bool {
        if self.is_empty() {
            return false;
        }
        match key {
            RowKey::Instance(instance)
            | RowKey::QuietTurn(instance)
            | RowKey::CustomStatus(instance) => self.dropped.contains(instance),
            RowKey::Value(instance, _) => {
                self.cleared.contains(instance) || self.dropped.contains(instance)
            }
            RowKey::History(instance, execution, _) => {
                self.dropped.contains(instance) || self.forgets(*instance, execution.0)
            }
            RowKey::Id(_)
            | RowKey::Inbox { .. }
            | RowKey::Activity(_)
            | RowKey::Timer(_)
            | RowKey::Attempts(..)
            | RowKey::Child(..) => false,
        }
    }

    fn forgets(&self, instance: u64, execution: u64) -> bool {
        self.forgotten
            .range((instance, 0)..=(instance, execution))
            .next_back()
            .is_some_and(|(_, &last)| execution <= last)
    }
}

impl Gone {
    /// The rows among these that go.
    pub(crate) fn keys_in<V>(self, rows: &BTreeMap<RowKey, V>) -> Vec<RowKey> {
        let mut keys = Vec::new();
        let mut take = |from: RowKey, own: &dyn Fn(&RowKey) -> bool| {
            let found = rows.range(from..).map(|(key, _)| key);
            keys.extend(found.take_while(|key| own(key)).cloned());
        };
        let of = |instance| move |key: &RowKey| matches!(key, RowKey::Value(owner, _) if *owner == instance);
        match self {
            Self::Values(instance) => {
                take(RowKey::Value(instance, String::new()), &of(instance));
            }
            Self::Executions(instance, first, last) => {
                let own = |key: &RowKey| matches!(key, RowKey::History(owner, execution, _) if *owner == instance && execution.0 <= last);
                take(history_from(instance, first), &own);
            }
            Self::Instance(instance) => {
                let own =
                    |key: &RowKey| matches!(key, RowKey::History(owner, ..) if *owner == instance);
                take(history_from(instance, 0), &own);
                take(RowKey::Value(instance, String::new()), &of(instance));
                for key in [
                    RowKey::Instance(instance),
                    RowKey::QuietTurn(instance),
                    RowKey::CustomStatus(instance),
                ] {
                    take(key.clone(), &|other| *other == key);
                }
            }
        }
        keys
    }
}

fn history_from(instance: u64, execution: u64) -> RowKey {
    RowKey::History(instance, ExecutionId(execution), EventId::NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(instance: u64, execution: u64) -> RowKey {
        RowKey::History(instance, ExecutionId(execution), EventId(5))
    }

    #[test]
    fn executions_that_are_forgotten_one_after_the_other_are_one_range() {
        let mut ranges = Ranges::default();
        for execution in [3, 1, 2, 7, 2] {
            ranges.add(Gone::Executions(4, execution, execution));
        }
        ranges.add(Gone::Executions(5, 0, 9));
        let all: Vec<_> = ranges.iter().collect();
        assert_eq!(
            all,
            [
                Gone::Executions(4, 1, 3),
                Gone::Executions(4, 7, 7),
                Gone::Executions(5, 0, 9)
            ]
        );
        let covered: Vec<_> = (0..9)
            .filter(|&execution| ranges.covers(&history(4, execution)))
            .collect();
        assert_eq!(covered, [1, 2, 3, 7]);
        ranges.add(Gone::Executions(4, 2, 8));
        assert_eq!(ranges.iter().next(), Some(Gone::Executions(4, 1, 8)));
        assert!(!ranges.covers(&history(3, 2)) && !ranges.covers(&history(6, 2)));
    }

    #[test]
    fn what_a_range_covers_is_what_it_finds() {
        let mut rows = BTreeMap::new();
        for instance in 1..=3 {
            rows.insert(RowKey::Instance(instance), 0);
            rows.insert(RowKey::QuietTurn(instance), 0);
            rows.insert(RowKey::CustomStatus(instance), 0);
            rows.insert(RowKey::Id(format!("i{instance}")), 0);
            rows.insert(
                RowKey::Inbox {
                    sequence: instance,
                    instance,
                },
                0,
            );
            for key in ["", "a", "\u{10ffff}"] {
                rows.insert(RowKey::Value(instance, key.to_owned()), 0);
            }
            for execution in 0..4 {
                rows.insert(history(instance, execution), 0);
            }
        }
        for gone in [
            Gone::Values(2),
            Gone::Executions(2, 1, 2),
            Gone::Executions(3, 0, u64::MAX),
            Gone::Instance(2),
        ] {
            let mut ranges = Ranges::default();
            ranges.add(gone);
            let covered: BTreeSet<_> = rows.keys().filter(|key| ranges.covers(key)).collect();
            let found = gone.keys_in(&rows);
            assert_eq!(found.len(), covered.len());
            assert_eq!(found.iter().collect::<BTreeSet<_>>(), covered);
            assert!(!covered.is_empty());
        }
    }
}
