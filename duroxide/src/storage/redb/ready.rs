//! Instances that a fetch could take, by the semantics that they are pinned to.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;

/// The semantics that an execution is pinned to; `None` before its first turn, and of instances
/// whose rows were not read yet: those are for everybody.
pub(crate) type Lane = Option<u32>;

/// First in, first out, among those that a fetch wants.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    next: u64,
    /// No lane is empty. There are as many as there are semantics in use: a handful.
    lanes: BTreeMap<Lane, VecDeque<Place>>,
}

#[derive(Debug)]
struct Place {
    order: u64,
    instance: u64,
}

impl Ready {
    pub(crate) fn push(&mut self, lane: Lane, instance: u64) {
        let order = self.next;
        self.next = order.wrapping_add(1);
        let place = Place { order, instance };
        self.lanes.entry(lane).or_default().push_back(place);
    }

    /// The one that has waited longest, among those with these semantics.
    pub(crate) fn first(&self, semantics: &RangeInclusive<u32>) -> Option<(Lane, u64)> {
        let lanes = self
            .lanes
            .iter()
            .filter(|(lane, _)| fits(**lane, semantics));
        let firsts = lanes.filter_map(|(lane, places)| Some((*lane, places.front()?)));
        let first = firsts.min_by_key(|(_, place)| place.order)?;
        Some((first.0, first.1.instance))
    }

    /// Takes out the first of a lane.
    pub(crate) fn pop(&mut self, lane: Lane) {
        if let Some(places) = self.lanes.get_mut(&lane) {
            places.pop_front();
            if places.is_empty() {
                self.lanes.remove(&lane);
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    pub(crate) fn has(&self, lane: Lane) -> bool {
        self.lanes.contains_key(&lane)
    }
}

/// Whether a fetch of these semantics takes what is in the lane.
pub(crate) fn fits(lane: Lane, semantics: &RangeInclusive<u32>) -> bool {
    lane.is_none_or(|pinned| semantics.contains(&pinned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(ready: &mut Ready, semantics: &RangeInclusive<u32>) -> Vec<u64> {
        std::iter::from_fn(|| {
            let (lane, instance) = ready.first(semantics)?;
            ready.pop(lane);
            Some(instance)
        })
        .collect()
    }

    #[test]
    fn others_are_passed_over_and_keep_their_place() {
        let mut ready = Ready::default();
        for (lane, instance) in [(Some(2), 1), (Some(1), 2), (None, 3), (Some(2), 4)] {
            ready.push(lane, instance);
        }
        assert_eq!(drain(&mut ready, &(0..=1)), [2, 3]);
        assert!(!ready.has(Some(1)) && ready.has(Some(2)));
        ready.push(Some(1), 5);
        assert_eq!(drain(&mut ready, &(0..=9)), [1, 4, 5]);
    }
}
