//! Activities that could be taken, sorted by what a fetch must be like to take them.

use std::collections::{BTreeMap, BTreeSet};

use crate::provider::TagFilter;

/// What all activities in one place have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Shelf {
    /// Out in several crashes: it starts alone.
    pub(crate) alone: bool,
    pub(crate) holder: Holder,
    pub(crate) tag: Option<String>,
}

/// Who may take an activity, as far as sessions go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    /// Everybody: it belongs to no session.
    Everybody,
    /// Whoever claims its session.
    Claimant { in_order: bool },
    /// The owner of its session.
    Owner { owner: String, in_order: bool },
}

impl Holder {
    /// Whether it is for fetches that take one activity of a session at a time.
    pub(crate) fn is_in_order(&self) -> bool {
        match self {
            Self::Everybody => false,
            Self::Claimant { in_order } | Self::Owner { in_order, .. } => *in_order,
        }
    }
}

/// The shelves. Of a session there are the first ones only, so that a session that changes hands
/// costs the same however much waits in it.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    /// None is empty.
    shelves: BTreeMap<Shelf, BTreeSet<u64>>,
    /// What was put up since somebody asked.
    news: Vec<(Shelf, u64)>,
}

impl Shelves {
    pub(crate) fn put(&mut self, place: Shelf, sequence: u64) {
        let known = self.shelves.get_mut(&place);
        match known {
            Some(sequences) => {
                sequences.insert(sequence);
            }
            None => {
                self.shelves
                    .insert(place.clone(), BTreeSet::from([sequence]));
            }
        }
        self.news.push((place, sequence));
    }

    pub(crate) fn remove(&mut self, place: &Shelf, sequence: u64) {
        if let Some(sequences) = self.shelves.get_mut(place) {
            sequences.remove(&sequence);
            if sequences.is_empty() {
                self.shelves.remove(place);
            }
        }
    }

    /// The oldest with this holder that the filter lets through, and that may be taken.
    pub(crate) fn first(
        &self,
        alone: bool,
        holder: Holder,
        tags: &TagFilter,
        may_be: impl Fn(u64) -> bool,
    ) -> Option<u64> {
        let first_of = |place: &Shelf| self.find(place, &may_be);
        let mut place = Shelf {
            alone,
            holder,
            tag: None,
        };
        let mut tagged = |names: &BTreeSet<String>| {
            let firsts = names.iter().filter_map(|tag| {
                place.tag = Some(tag.clone());
                first_of(&place)
            });
            firsts.min()
        };
        match tags {
            TagFilter::None => None,
            TagFilter::Tags(names) => tagged(names),
            TagFilter::DefaultAnd(names) => {
                let first = tagged(names);
                place.tag = None;
                first.into_iter().chain(first_of(&place)).min()
            }
            TagFilter::DefaultOnly => first_of(&place),
            TagFilter::Any => {
                let same = |other: &Shelf| other.alone == alone && other.holder == place.holder;
                let shelves = self.shelves.range(&place..);
                let shelves = shelves.take_while(|(other, _)| same(other));
                let firsts = shelves.filter_map(|(other, _)| first_of(other));
                firsts.min()
            }
        }
    }

    /// The oldest on a shelf that may be taken.
    pub(crate) fn find(&self, place: &Shelf, may_be: impl Fn(u64) -> bool) -> Option<u64> {
        let mut sequences = self.shelves.get(place)?.iter().copied();
        sequences.find(|sequence| may_be(*sequence))
    }

    /// Whether there is something.
    pub(crate) fn has(&self, place: &Shelf) -> bool {
        self.shelves.contains_key(place)
    }

    /// Whether it is still there.
    pub(crate) fn holds(&self, place: &Shelf, sequence: u64) -> bool {
        let sequences = self.shelves.get(place);
        sequences.is_some_and(|sequences| sequences.contains(&sequence))
    }

    /// Whether something is there that starts alone.
    pub(crate) fn has_alone(&self) -> bool {
        let last = self.shelves.keys().next_back();
        last.is_some_and(|place| place.alone)
    }

    /// More fetches than before may take what stands on these shelves.
    pub(crate) fn announce(&mut self, which: impl Fn(&Shelf) -> bool) {
        let shelves = self.shelves.iter().filter(|(place, _)| which(place));
        let firsts = shelves.filter_map(|(place, all)| Some((place.clone(), *all.first()?)));
        self.news.extend(firsts);
    }

    /// What was put up since the last call.
    pub(crate) fn take_news(&mut self) -> Vec<(Shelf, u64)> {
        std::mem::take(&mut self.news)
    }
}
