//! Options that cannot work.

use std::time::Duration;

use crate::engine::Limits;
use crate::provider::TagFilter;
use crate::runtime::RuntimeOptions;
use crate::runtime::backoff::part;

/// Shorter leases run out between two renewals on a busy machine.
const SHORTEST_LEASE: Duration = Duration::from_millis(10);
/// More slots than any machine can use.
const MOST_SLOTS: usize = 1_000_000;
/// The longest name of a worker, and the longest tag, in bytes.
const LONGEST_NAME: usize = 256;

/// An option that cannot work; whoever configures the runtime must act.
///
/// ```
/// use duroxide::RuntimeOptions;
///
/// let options = RuntimeOptions { max_attempts: 0, ..Default::default() };
/// for invalid in options.problems() {
///     println!("{}: {}", invalid.option, invalid.problem);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the option `{option}` {problem}")]
pub struct InvalidOption {
    /// The field of [`RuntimeOptions`].
    pub option: &'static str,
    /// What is wrong with its value, and what to write.
    pub problem: String,
}

impl RuntimeOptions {
    /// Everything in here that cannot work.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::RuntimeOptions;
    ///
    /// let options = RuntimeOptions { worker_lock_timeout: Duration::ZERO, ..Default::default() };
    /// for problem in options.problems() {
    ///     println!("{problem}");
    /// }
    /// assert_eq!(options.problems().len(), 1);
    /// ```
    pub fn problems(&self) -> Vec<InvalidOption> {
        self.clone().repaired().1
    }

    /// The same with the default in each place that cannot work, and what was wrong there.
    pub(in crate::runtime) fn repaired(mut self) -> (Self, Vec<InvalidOption>) {
        let defaults = Self::default();
        let mut problems = Vec::new();
        macro_rules! check {
            ($field:ident, $problem:expr) => {
                if let Some(problem) = $problem {
                    self.$field = defaults.$field.clone();
                    problems.push(InvalidOption {
                        option: stringify!($field),
                        problem,
                    });
                }
            };
        }
        check!(
            orchestration_concurrency,
            slots(self.orchestration_concurrency)
        );
        check!(worker_concurrency, slots(self.worker_concurrency));
        check!(
            orchestrator_lock_timeout,
            lease(self.orchestrator_lock_timeout)
        );
        check!(worker_lock_timeout, lease(self.worker_lock_timeout));
        check!(session_lock_timeout, lease(self.session_lock_timeout));
        check!(
            session_idle_timeout,
            idle(self.session_idle_timeout, self.worker_lock_timeout)
        );
        check!(max_attempts, none(self.max_attempts == 0));
        check!(turn_threads, none(self.turn_threads == 0));
        check!(turn_timeout, none(self.turn_timeout.is_zero()));
        check!(
            unregistered_backoff,
            none(self.unregistered_backoff.delay(1).is_zero())
        );
        check!(
            worker_node_id,
            self.worker_node_id.as_deref().and_then(name)
        );
        check!(worker_tag_filter, tags(&self.worker_tag_filter));
        check!(limits, limits(&self.limits));
        (self, problems)
    }
}

fn limits(limits: &Limits) -> Option<String> {
    let fields = [
        ("payload_bytes", limits.payload_bytes),
        ("id_bytes", limits.id_bytes),
        ("name_bytes", limits.name_bytes),
        ("turn_events", limits.turn_events),
        ("turn_bytes", limits.turn_bytes),
        ("history_events", usize::from(limits.history_events > 0)),
    ];
    let (field, _) = fields.into_iter().find(|(_, most)| *most == 0)?;
    Some(format!("has `{field}: 0`; give it at least 1"))
}

fn slots(count: usize) -> Option<String> {
    (count > MOST_SLOTS).then(|| format!("is {count}; at most {MOST_SLOTS} are allowed"))
}

fn lease(lease: Duration) -> Option<String> {
    (lease < SHORTEST_LEASE)
        .then(|| format!("is {lease:?}; a lease lasts at least {SHORTEST_LEASE:?}"))
}

/// An activity under way shows itself when its lock is renewed; between two renewals its session
/// must not count as idle.
fn idle(idle: Duration, worker_lock: Duration) -> Option<String> {
    let shown = part(worker_lock, 3);
    (idle <= shown).then(|| {
        format!("is {idle:?}; it must be more than a third of `worker_lock_timeout`, {shown:?}")
    })
}

fn none(is_none: bool) -> Option<String> {
    is_none.then(|| "is 0; give it at least 1".to_owned())
}

fn name(name: &str) -> Option<String> {
    let bytes = name.len();
    if bytes == 0 {
        return Some("has an empty name; leave it out for a random one".to_owned());
    }
    (bytes > LONGEST_NAME)
        .then(|| format!("has a name of {bytes} bytes; {LONGEST_NAME} are allowed"))
}

fn tags(filter: &TagFilter) -> Option<String> {
    let (TagFilter::Tags(tags) | TagFilter::DefaultAnd(tags)) = filter else {
        return None;
    };
    if tags.is_empty() {
        return Some(
            "names no tag; write `TagFilter::None` or `TagFilter::DefaultOnly` for that".to_owned(),
        );
    }
    tags.iter().find_map(|tag| name(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(options: &RuntimeOptions) -> String {
        let problems = options.problems();
        let [problem] = &problems[..] else {
            panic!("{problems:?}")
        };
        problem.to_string()
    }

    #[test]
    fn what_cannot_work_is_named_and_replaced() {
        let zero = RuntimeOptions {
            worker_lock_timeout: Duration::ZERO,
            max_attempts: 0,
            ..Default::default()
        };
        let (repaired, problems) = zero.repaired();
        let named: Vec<_> = problems.iter().map(|problem| problem.option).collect();
        assert_eq!(named, ["worker_lock_timeout", "max_attempts"]);
        assert!(repaired.problems().is_empty());
        assert_eq!(repaired.max_attempts, 10);
    }

    #[test]
    fn each_problem_says_what_to_write() {
        let tags = TagFilter::Tags(std::collections::BTreeSet::new());
        let cases = [
            (
                RuntimeOptions {
                    worker_tag_filter: tags,
                    ..Default::default()
                },
                "TagFilter::None",
            ),
            (
                RuntimeOptions {
                    session_idle_timeout: Duration::from_secs(10),
                    ..Default::default()
                },
                "more than a third of `worker_lock_timeout`, 10s",
            ),
            (
                RuntimeOptions {
                    worker_node_id: Some(String::new()),
                    ..Default::default()
                },
                "leave it out",
            ),
            (
                RuntimeOptions {
                    limits: Limits {
                        turn_events: 0,
                        ..Default::default()
                    },
                    ..Default::default()
                },
                "`limits` has `turn_events: 0`; give it at least 1",
            ),
            (
                RuntimeOptions {
                    worker_concurrency: usize::MAX,
                    ..Default::default()
                },
                "at most 1000000",
            ),
        ];
        for (options, wanted) in cases {
            let problem = problem(&options);
            assert!(problem.contains(wanted), "{problem}");
        }
    }
}
