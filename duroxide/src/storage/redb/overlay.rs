//! What is durable in the journal and not yet in the tables, and how far the tables are. Must not
//! know: the file.

use std::sync::Arc;
use std::time::Duration;

use crate::storage::redb::checkpoint::{Checkpoint, Done};
use crate::storage::redb::group::Load;
use crate::storage::redb::layer::Layer;

/// How much is done at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// When so much has come together, the tables begin to follow.
    pub(crate) enough: Load,
    /// The least that they follow with a group.
    pub(crate) least: Load,
    /// What they follow at a time when there is nothing else to do.
    pub(crate) calm: Load,
    /// That is when nothing was to be done for so long.
    pub(crate) calm_after: Duration,
    /// The most bytes of a record in the journal. A larger group would be written twice: it goes
    /// into the tables.
    pub(crate) largest_record: usize,
}

impl Default for Pace {
    fn default() -> Self {
        let load = |rows, bytes| Load { rows, bytes };
        Self {
            enough: load(4_096, 4 << 20),
            least: load(16, 64 << 10),
            calm: load(1_024, 1 << 20),
            calm_after: Duration::from_secs(1),
            largest_record: 1 << 20,
        }
    }
}

/// Each layer costs those who read.
const MOST_LAYERS: usize = 8;

/// Layers over the tables, and the numbers of the journal's records.
#[derive(Debug)]
pub(crate) struct Overlay {
    pace: Pace,
    /// The oldest first.
    layers: Vec<Arc<Layer>>,
    /// Of the oldest layer; when the tables have that, its records are still to go.
    checkpoint: Option<Checkpoint>,
    /// The oldest record.
    first: u64,
    /// The next record.
    next: u64,
}

impl Overlay {
    /// The tables have everything, and the journal is empty.
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            layers: Vec::new(),
            checkpoint: None,
            first: 1,
            next: 1,
        }
    }

    pub(crate) fn layers(&self) -> &[Arc<Layer>] {
        &self.layers
    }

    /// The number of the oldest record, if there is one.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The number of the next record.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Whether the tables lack nothing, and the journal has nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.layers.is_empty() && self.checkpoint.is_none()
    }

    /// Those that no checkpoint has taken.
    fn newer(&self) -> &[Arc<Layer>] {
        let taken = self
            .checkpoint
            .as_ref()
            .is_some_and(|one| !one.is_in_tables());
        self.layers.get(usize::from(taken)..).unwrap_or_default()
    }

    /// How much of the older changes goes into the tables with a group: twice what comes in, so
    /// that they are through before as much again has come.
    pub(crate) fn pace(&mut self, group: Load) -> Load {
        let mut newer = Load::default();
        for layer in self.newer() {
            newer.rows = newer.rows.saturating_add(layer.rows().len());
            newer.bytes = newer.bytes.saturating_add(layer.bytes());
        }
        if newer.rows >= self.pace.enough.rows || newer.bytes >= self.pace.enough.bytes {
            if self.checkpoint.is_some() {
                return Load::ALL;
            }
            self.freeze();
        }
        Load {
            rows: group.rows.saturating_mul(2).max(self.pace.least.rows),
            bytes: group.bytes.saturating_mul(2).max(self.pace.least.bytes),
        }
    }

    /// Makes one layer of all that there are, which does not change any more.
    pub(crate) fn freeze(&mut self) {
        if self.checkpoint.is_some() {
            return;
        }
        let mut layers = self.layers.drain(..);
        let Some(oldest) = layers.next() else {
            return;
        };
        let mut frozen = Arc::unwrap_or_clone(oldest);
        for layer in layers {
            frozen.absorb(Arc::unwrap_or_clone(layer));
        }
        let frozen = Arc::new(frozen);
        self.checkpoint = Some(Checkpoint::new(
            Arc::clone(&frozen),
            self.next.saturating_sub(1),
        ));
        self.layers.push(frozen);
    }

    /// The checkpoint under way, and what is newer than its layer.
    pub(crate) fn checkpoint(&self) -> Option<(Checkpoint, Vec<Arc<Layer>>)> {
        let checkpoint = self.checkpoint.clone()?;
        Some((checkpoint, self.newer().to_vec()))
    }

    /// The checkpoint is so far, durably. Gives the layer that nobody needs any more.
    pub(crate) fn advance(&mut self, done: Done) -> Option<Arc<Layer>> {
        let checkpoint = self.checkpoint.as_mut()?;
        let was_above = !checkpoint.is_in_tables();
        checkpoint.advance(done);
        let is_through = checkpoint.is_in_tables();
        if let Some(first) = checkpoint.first_record() {
            self.first = first;
        }
        if checkpoint.is_done() {
            self.checkpoint = None;
        }
        (was_above && is_through).then(|| self.layers.remove(0))
    }

    /// The next record of the journal is durable.
    pub(crate) fn add(&mut self, group: Layer) {
        self.next = self.next.saturating_add(1);
        let taken = self.layers.len().saturating_sub(self.newer().len());
        // In place, if nobody reads it.
        if self.layers.len() > taken
            && let Some(newest) = self.layers.last_mut().and_then(Arc::get_mut)
        {
            newest.absorb(group);
            return;
        }
        self.layers.push(Arc::new(group));
        if self.layers.len() > MOST_LAYERS
            && let (Some(newest), Some(other)) = (self.layers.pop(), self.layers.pop())
        {
            let mut both = Arc::unwrap_or_clone(other);
            both.absorb(Arc::unwrap_or_clone(newest));
            self.layers.push(Arc::new(both));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::redb::layer::Change;
    use crate::storage::redb::schema::RowKey;

    fn inbox(sequence: u64) -> RowKey {
        RowKey::Inbox {
            sequence,
            instance: 1,
        }
    }

    fn group(sequences: impl IntoIterator<Item = u64>) -> Layer {
        let mut layer = Layer::default();
        for sequence in sequences {
            layer.change(inbox(sequence), Change::Insert(vec![1]));
        }
        layer
    }

    #[test]
    fn groups_come_together_while_nobody_reads() {
        let mut overlay = Overlay::new(Pace::default());
        overlay.add(group([1]));
        overlay.add(group([2]));
        assert_eq!(overlay.layers().len(), 1);
        let seen = overlay.layers().to_vec();
        overlay.add(group([3]));
        assert_eq!(overlay.layers().len(), 2);
        assert_eq!(seen[0].rows().len(), 2, "who reads sees nothing new");
        overlay.freeze();
        assert_eq!(overlay.layers().len(), 1);
        assert_eq!(overlay.layers()[0].rows().len(), 3);
        overlay.add(group([4]));
        assert_eq!(overlay.layers()[0].rows().len(), 3, "frozen is frozen");
        assert_eq!(overlay.layers().len(), 2);
    }

    #[test]
    fn readers_that_stay_cost_a_bounded_number_of_layers() {
        let mut overlay = Overlay::new(Pace::default());
        let mut seen = Vec::new();
        for number in 1..=50 {
            overlay.add(group([number]));
            seen.push(overlay.layers().to_vec());
        }
        assert!(overlay.layers().len() <= MOST_LAYERS);
        for (layers, rows) in seen.iter().zip(1..) {
            let found: usize = layers.iter().map(|layer| layer.rows().len()).sum();
            assert_eq!(found, rows);
        }
    }

    #[test]
    fn a_checkpoint_begins_when_enough_has_come_and_hurries_when_as_much_comes_again() {
        let mut overlay = Overlay::new(Pace::default());
        let enough = Pace::default().enough.rows as u64;
        overlay.add(group(1..enough));
        let one = Load { rows: 1, bytes: 1 };
        assert_eq!(overlay.pace(one), Pace::default().least);
        assert!(overlay.checkpoint().is_none());
        overlay.add(group([enough]));
        let many = Load {
            rows: 100,
            bytes: 1 << 20,
        };
        let pace = overlay.pace(many);
        assert_eq!((pace.rows, pace.bytes), (200, 2 << 20));
        assert!(overlay.checkpoint().is_some());
        overlay.add(group(enough + 1..=2 * enough));
        assert_eq!(overlay.pace(one), Load::ALL);
    }

    #[test]
    fn a_layer_goes_when_the_tables_have_it_and_its_records_later() {
        let mut overlay = Overlay::new(Pace::default());
        for number in 1..=3 {
            overlay.add(group([number]));
        }
        overlay.freeze();
        overlay.add(group([4]));
        assert!(overlay.advance(Done::Rows(inbox(2))).is_none());
        assert!(overlay.advance(Done::Tables(1)).is_some());
        assert_eq!(overlay.layers().len(), 1);
        assert!(overlay.advance(Done::Tables(3)).is_none());
        assert_eq!(overlay.first(), 3);
        assert!(overlay.advance(Done::All).is_none());
        assert_eq!((overlay.first(), overlay.next()), (4, 5));
        overlay.freeze();
        assert!(overlay.advance(Done::All).is_some());
        assert!(overlay.is_empty());
        assert_eq!(overlay.first(), overlay.next());
    }
}
