//! What a worker asks for when it fetches.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::provider::TagFilter;

/// Which turns a fetch wants.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::provider::TurnFetch;
///
/// let ten = TurnFetch::new(10, Duration::from_secs(30)).semantics(1..=1);
/// assert_eq!(ten.max, 10);
/// assert!(!ten.semantics.contains(&2)); // left for a newer worker
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnFetch {
    /// How many at the most.
    pub max: usize,
    /// How long the locks last if nobody renews them.
    pub lock_timeout: Duration,
    /// Which numbers of the engine's semantics the worker replays. Executions that are pinned to
    /// another number are passed over: not locked, not decoded, not counted. Before its first turn an
    /// execution is pinned to none and goes to whoever replays any: an empty range gets nothing.
    pub semantics: RangeInclusive<u32>,
}

impl TurnFetch {
    /// Up to `max` turns, whatever their semantics.
    pub fn new(max: usize, lock_timeout: Duration) -> Self {
        Self {
            max,
            lock_timeout,
            semantics: 0..=u32::MAX,
        }
    }

    /// The same for these semantics only.
    #[must_use]
    pub fn semantics(mut self, semantics: RangeInclusive<u32>) -> Self {
        self.semantics = semantics;
        self
    }
}

/// Which activities a fetch wants.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::TagFilter;
/// use duroxide::provider::{ActivityFetch, SessionFetch};
///
/// let lease = Duration::from_secs(30);
/// let sessions = SessionFetch {
///     owner_id: "worker-1".to_owned(),
///     lock_timeout: lease,
///     max_sessions: 10,
///     one_at_a_time: false,
/// };
/// let fetch = ActivityFetch::new(4, lease).tags(TagFilter::tags(["gpu"])).sessions(sessions);
/// assert!(!fetch.tags.matches(None)); // what has no tag is left for others
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityFetch {
    /// How many at the most.
    pub max: usize,
    /// How long the locks last if nobody renews them.
    pub lock_timeout: Duration,
    /// Which ones, by their tag.
    pub tags: TagFilter,
    /// As whom the worker takes activities of sessions; `None`: it takes none of them.
    pub sessions: Option<SessionFetch>,
}

impl ActivityFetch {
    /// Up to `max` activities without a tag and without a session.
    pub fn new(max: usize, lock_timeout: Duration) -> Self {
        Self {
            max,
            lock_timeout,
            tags: TagFilter::DefaultOnly,
            sessions: None,
        }
    }

    /// The same with this filter.
    #[must_use]
    pub fn tags(mut self, tags: TagFilter) -> Self {
        self.tags = tags;
        self
    }

    /// The same with activities of sessions.
    #[must_use]
    pub fn sessions(mut self, sessions: SessionFetch) -> Self {
        self.sessions = Some(sessions);
        self
    }
}

/// As whom, and under which terms, a worker takes activities of sessions.
///
/// Fetching an activity of a session that nobody owns claims the session in the same step. As long
/// as the claim lasts nobody else gets activities of that session. Sessions are the store's, not an
/// instance's: the same id is the same session. A claim that ends takes no activity from whoever
/// holds it, and does not outlive a crash.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::provider::SessionFetch;
///
/// /// The same terms for each worker.
/// fn terms(worker: &str) -> SessionFetch {
///     SessionFetch {
///         owner_id: worker.to_owned(),
///         lock_timeout: Duration::from_secs(30),
///         max_sessions: 10,
///         one_at_a_time: true, // in the order in which they were scheduled
///     }
/// }
/// # assert_eq!(terms("worker-1").owner_id, "worker-1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionFetch {
    /// Who owns what is claimed.
    pub owner_id: String,
    /// How long a claim lasts if nobody renews it. Fetching, completing or renewing an activity of
    /// a session that one owns renews it too, and never shortens it.
    pub lock_timeout: Duration,
    /// How many sessions the owner may own at the same time. At that number only activities of its
    /// own sessions, and those without one, are handed out.
    pub max_sessions: usize,
    /// Whether the activities of one session run one at a time, in the order of their scheduling:
    /// one waits for what runs, and for what was scheduled before it and is let through by the same
    /// filter, also if that is put off.
    pub one_at_a_time: bool,
}
