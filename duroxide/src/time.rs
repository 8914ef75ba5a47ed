//! Points in time, as the history keeps them. Must not know: anything that reads a clock (see `env`).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use duroxide::time::Timestamp;
///
/// let noon = Timestamp::from_millis(43_200_000);
/// let later = noon.saturating_add(Duration::from_micros(1)); // rounded up
/// assert_eq!(later.since(noon), Duration::from_millis(1));
/// assert_eq!(later.as_millis(), 43_200_001);
/// assert_eq!(SystemTime::from(Timestamp::ZERO), SystemTime::UNIX_EPOCH);
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The epoch itself.
    pub const ZERO: Self = Self(0);

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This moment plus `duration`, rounded up to a whole millisecond: a timer never fires early.
    /// Stops at the end of time instead of overflowing.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let millis = duration.as_nanos().div_ceil(1_000_000);
        Self(
            self.0
                .saturating_add(u64::try_from(millis).unwrap_or(u64::MAX)),
        )
    }

    /// How long from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl PartialEq<u64> for Timestamp {
    fn eq(&self, millis: &u64) -> bool {
        self.0 == *millis
    }
}

impl PartialEq<Timestamp> for u64 {
    fn eq(&self, time: &Timestamp) -> bool {
        *self == time.0
    }
}

impl PartialOrd<u64> for Timestamp {
    fn partial_cmp(&self, millis: &u64) -> Option<std::cmp::Ordering> {
        self.0.partial_cmp(millis)
    }
}

impl From<SystemTime> for Timestamp {
    /// Moments before the epoch become the epoch.
    fn from(time: SystemTime) -> Self {
        let millis = time
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        Self(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        // A day before the end of what the platform can hold is as good as the end.
        UNIX_EPOCH
            .checked_add(Duration::from_millis(timestamp.0))
            .unwrap_or(UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_of_a_millisecond_is_rounded_up() {
        let due = Timestamp::from_millis(10).saturating_add(Duration::from_micros(1));
        assert_eq!(due, Timestamp::from_millis(11));
    }

    #[test]
    fn the_end_of_time_is_the_limit() {
        let due = Timestamp::from_millis(10).saturating_add(Duration::MAX);
        assert_eq!(due.as_millis(), u64::MAX);
        assert_eq!(SystemTime::from(Timestamp::ZERO), UNIX_EPOCH);
    }
}
