//! The ids under which events were sent, so that one that is sent again is recognised: of all that are
//! in an inbox, and of the last that were consumed since the store was opened.

use std::collections::{HashSet, VecDeque};

use crate::storage::redb::limits::REMEMBERED_IDS;

/// The number of an instance, and the sender's id.
type SentAs = (u64, u128);

/// The ids that are remembered.
#[derive(Debug, Default)]
pub(crate) struct SentIds {
    known: HashSet<SentAs>,
    /// Those of `known` whose message is gone, the oldest first.
    consumed: VecDeque<SentAs>,
}

impl SentIds {
    /// False: it is known already.
    pub(crate) fn insert(&mut self, instance: u64, id: u128) -> bool {
        self.known.insert((instance, id))
    }

    /// Whether it was sent before.
    pub(crate) fn knows(&self, instance: u64, id: u128) -> bool {
        self.known.contains(&(instance, id))
    }

    /// Its message is gone.
    pub(crate) fn consume(&mut self, instance: u64, id: u128) {
        self.consumed.push_back((instance, id));
        if self.consumed.len() > REMEMBERED_IDS
            && let Some(oldest) = self.consumed.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ids_are_remembered_and_no_more() {
        let mut ids = SentIds::default();
        assert!(ids.insert(1, 0));
        let many = 1..=REMEMBERED_IDS as u128;
        for id in many.clone() {
            assert!(ids.insert(1, id) && !ids.insert(1, id));
            ids.consume(1, id);
        }
        // Still in the inbox, and of another instance.
        assert!(!ids.insert(1, 0) && ids.insert(2, 1));
        ids.consume(1, 0);
        assert!(ids.insert(1, 1), "the oldest is forgotten");
        assert!(!ids.insert(1, 2));
        assert_eq!(ids.known.len(), REMEMBERED_IDS + 2);
    }
}
