//! Activities that were out when the process died, several times: one of them may be what ends it.
//!
//! They start one at a time, so that the next crash counts against the one that caused it, and its
//! neighbours do not become poison with it. Whoever has lived for a moment is no such thing: then
//! the next may start beside it.

use std::time::Duration;

use crate::storage::redb::limits::ISOLATION;

/// Who has started alone last, and until when it stays so.
#[derive(Debug, Default)]
pub(crate) struct Isolation {
    alone: Option<(u64, Duration)>,
}

impl Isolation {
    /// It starts alone.
    pub(crate) fn start(&mut self, sequence: u64, elapsed: Duration) {
        self.alone = Some((sequence, elapsed.saturating_add(ISOLATION)));
    }

    /// It came back, is done, or is gone. True: the next one may start.
    pub(crate) fn end(&mut self, sequence: u64) -> bool {
        self.alone.take_if(|alone| alone.0 == sequence).is_some()
    }

    /// Time went on. True: the next one may start.
    pub(crate) fn promote(&mut self, elapsed: Duration) -> bool {
        let over = |alone: &mut (u64, Duration)| alone.1 <= elapsed;
        self.alone.take_if(over).is_some()
    }

    /// Whether one may start.
    pub(crate) fn is_open(&self) -> bool {
        self.alone.is_none()
    }

    /// When the next one may start at the latest.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.alone.map(|(_, until)| until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    #[test]
    fn one_starts_at_a_time() {
        let mut isolation = Isolation::default();
        assert!(isolation.is_open());
        isolation.start(1, START);
        assert!(!isolation.is_open());
        assert!(!isolation.end(3), "it was not the one");
        assert!(isolation.end(1) && isolation.is_open());
    }

    #[test]
    fn whoever_lives_for_a_moment_is_alone_no_longer() {
        let mut isolation = Isolation::default();
        assert_eq!(isolation.next_due(), None);
        isolation.start(1, START);
        let later = START + ISOLATION;
        assert_eq!(isolation.next_due(), Some(later));
        assert!(!isolation.promote(START) && !isolation.is_open());
        assert!(isolation.promote(later) && isolation.is_open());
        assert!(!isolation.promote(later));
    }
}
