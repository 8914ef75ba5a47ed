//! Activities that were out when the process died, several times: one of them may be what ends it.
//!
//! They start one at a time, so that the next crash counts against the one that caused it, and its
//! neighbours do not become poison with it. Whoever has lived for a moment is no such thing: then
//! the next may start beside it.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::storage::redb::limits::ISOLATION;

/// Who waits for its turn to start alone, and who has started last.
#[derive(Debug, Default)]
pub(crate) struct Isolation {
    waiting: BTreeSet<u64>,
    /// Started alone; until then.
    alone: Option<(u64, Duration)>,
}

impl Isolation {
    /// It can be taken, when its turn comes.
    pub(crate) fn add(&mut self, sequence: u64) {
        self.waiting.insert(sequence);
    }

    /// It came back, is done, or is gone. True: the next one may start.
    pub(crate) fn end(&mut self, sequence: u64) -> bool {
        self.waiting.remove(&sequence);
        let was_alone = self.alone.take_if(|alone| alone.0 == sequence).is_some();
        was_alone && !self.waiting.is_empty()
    }

    /// The next one, if none is alone at the moment.
    pub(crate) fn take(&mut self, elapsed: Duration) -> Option<u64> {
        if !self.is_open(elapsed) {
            return None;
        }
        let sequence = self.waiting.pop_first()?;
        self.alone = Some((sequence, elapsed.saturating_add(ISOLATION)));
        Some(sequence)
    }

    /// Whether [`take`](Self::take) would give one.
    pub(crate) fn is_open(&self, elapsed: Duration) -> bool {
        let somebody_is_alone = self.alone.is_some_and(|(_, until)| until > elapsed);
        !somebody_is_alone && !self.waiting.is_empty()
    }

    /// When the next one may start, if one waits for that.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let (_, until) = self.alone.filter(|_| !self.waiting.is_empty())?;
        Some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    #[test]
    fn one_starts_at_a_time() {
        let mut isolation = Isolation::default();
        for sequence in [3, 1, 2] {
            isolation.add(sequence);
        }
        assert_eq!(isolation.take(START), Some(1));
        assert_eq!(isolation.take(START), None);
        assert!(!isolation.end(3), "it was not the one");
        assert!(isolation.end(1));
        assert_eq!(isolation.take(START), Some(2));
        assert!(!isolation.end(2), "nobody waits any more");
        assert_eq!(isolation.take(START), None);
    }

    #[test]
    fn whoever_lives_for_a_moment_is_alone_no_longer() {
        let mut isolation = Isolation::default();
        for sequence in [1, 2] {
            isolation.add(sequence);
        }
        assert_eq!(
            (isolation.next_due(), isolation.take(START)),
            (None, Some(1))
        );
        let later = START + ISOLATION;
        assert_eq!(isolation.next_due(), Some(later));
        assert!(isolation.is_open(later) && !isolation.is_open(START));
        assert_eq!(isolation.take(later), Some(2));
        assert_eq!(isolation.next_due(), None);
    }
}
