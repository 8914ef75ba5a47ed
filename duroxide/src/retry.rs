//! How often something is tried, and how long the pauses are: plain arithmetic. Must not know: what
//! is tried, and what time it is.

use std::time::Duration;

/// How often an activity is attempted, how long its attempts may take, and the pauses in between.
///
/// The default is three attempts with growing pauses ([`BackoffStrategy::default`]), without a
/// limit of time. The history depends on the pauses: changing a policy is a change of the
/// orchestration's code, for which running instances need the old version.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::{BackoffStrategy, RetryPolicy};
///
/// let policy = RetryPolicy::new(5)
///     .with_backoff(BackoffStrategy::Exponential {
///         base: Duration::from_millis(200),
///         multiplier: 2.0,
///         max: Duration::from_secs(10),
///     })
///     .with_timeout(Duration::from_secs(30))
///     .with_total_timeout(Duration::from_secs(120));
/// assert_eq!(policy.delay_for_attempt(1), Duration::from_millis(200));
/// assert_eq!(policy.delay_for_attempt(3), Duration::from_millis(800));
/// assert_eq!(policy.delay_for_attempt(9), Duration::from_secs(10));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    /// How many attempts there are at most, the first included. A call with 0 is refused.
    pub max_attempts: u32,
    /// The pauses between attempts.
    pub backoff: BackoffStrategy,
    /// How long one attempt may take, waiting in the queue included. `None`: as long as it takes.
    pub timeout: Option<Duration>,
    /// How long all attempts and pauses together may take. `None`: as long as they take.
    pub total_timeout: Option<Duration>,
    /// Up to which part of a pause is left out by chance, `0.0` to `1.0`, so that calls that failed
    /// together do not come back together. What is no such number counts as the nearest one.
    pub jitter: f64,
}

impl RetryPolicy {
    /// At most that many attempts, the first included; all else as in [`RetryPolicy::default`].
    ///
    /// It takes 0, which the call that is given the policy refuses with an error.
    #[must_use]
    pub const fn new(max_attempts: u32) -> Self {
        Self {
            max_attempts,
            backoff: BackoffStrategy::DEFAULT,
            timeout: None,
            total_timeout: None,
            jitter: 0.0,
        }
    }

    /// The same with other pauses.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: BackoffStrategy) -> Self {
        self.backoff = backoff;
        self
    }

    /// The same with a limit for each attempt, waiting in the queue included.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The same with a limit for all attempts and pauses together.
    #[must_use]
    pub const fn with_total_timeout(mut self, total_timeout: Duration) -> Self {
        self.total_timeout = Some(total_timeout);
        self
    }

    /// The same with pauses that are shorter by up to this part, `0.0` to `1.0`, by chance.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: f64) -> Self {
        self.jitter = jitter;
        self
    }

    /// The pause behind that attempt (1, 2, ...) if it fails, without jitter.
    pub fn delay_for_attempt(&self, attempt: u32) -> Duration {
        self.backoff.delay_for_attempt(attempt)
    }

    /// The pause behind that attempt, with jitter: `draw` gives a number from `0.0` to `1.0`, and
    /// is asked only if there is jitter.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default().with_jitter(0.5);
    /// assert_eq!(policy.pause_after(1, || 0.0), Duration::from_millis(100));
    /// assert_eq!(policy.pause_after(1, || 1.0), Duration::from_millis(50));
    /// ```
    pub fn pause_after(&self, attempt: u32, draw: impl FnOnce() -> f64) -> Duration {
        let pause = self.delay_for_attempt(attempt);
        if self.jitter > 0.0 {
            let left_out = self.jitter.min(1.0) * draw();
            scaled(pause, 1.0 - left_out, pause)
        } else {
            pause
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new(3)
    }
}

/// How long the pauses between attempts are. No pause is longer than what a [`Duration`] holds.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::BackoffStrategy;
///
/// let pauses = BackoffStrategy::Linear {
///     base: Duration::from_secs(1),
///     max: Duration::from_secs(3),
/// };
/// let seconds: Vec<u64> = (1..=4).map(|attempt| pauses.delay_for_attempt(attempt).as_secs()).collect();
/// assert_eq!(seconds, [1, 2, 3, 3]);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BackoffStrategy {
    /// No pauses: the next attempt follows at once.
    None,
    /// All pauses are the same.
    Fixed {
        /// Each of them.
        delay: Duration,
    },
    /// Each pause is longer than the one before by the same time.
    Linear {
        /// The first pause, and the difference.
        base: Duration,
        /// No pause is longer.
        max: Duration,
    },
    /// Each pause is a multiple of the one before.
    Exponential {
        /// The first pause.
        base: Duration,
        /// How many times longer the next one is. Counts as 1 if it is negative or not a number.
        multiplier: f64,
        /// No pause is longer.
        max: Duration,
    },
}

impl BackoffStrategy {
    const DEFAULT: Self = Self::Exponential {
        base: Duration::from_millis(100),
        multiplier: 2.0,
        max: Duration::from_secs(30),
    };

    /// The pause behind that attempt: 1, 2, ... (0 counts as 1).
    pub fn delay_for_attempt(&self, attempt: u32) -> Duration {
        match *self {
            Self::None => Duration::ZERO,
            Self::Fixed { delay } => delay,
            Self::Linear { base, max } => base.saturating_mul(attempt.max(1)).min(max),
            Self::Exponential {
                base,
                multiplier,
                max,
            } => scaled(base, power(multiplier, attempt.saturating_sub(1)), max),
        }
    }
}

impl Default for BackoffStrategy {
    /// 100 ms, each pause twice as long as the one before, 30 s at most.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// `multiplier` to the power of `exponent`, perhaps infinite, never NaN.
///
/// Multiplications only: `f64::powi` may differ by platform, and a replay elsewhere must find the
/// same pauses.
fn power(multiplier: f64, mut exponent: u32) -> f64 {
    let is_usable = multiplier >= 0.0;
    let mut square = if is_usable { multiplier } else { 1.0 };
    let mut product = 1.0;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    product
}

/// `base` times `factor`, `max` at most.
fn scaled(base: Duration, factor: f64, max: Duration) -> Duration {
    if base.is_zero() {
        return Duration::ZERO;
    }
    // What no `Duration` can hold is above any maximum.
    let product = Duration::try_from_secs_f64(base.as_secs_f64() * factor);
    product.unwrap_or(max).min(max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn pauses(backoff: &BackoffStrategy) -> [u128; 4] {
        [1, 2, 3, 400].map(|attempt| backoff.delay_for_attempt(attempt).as_millis())
    }

    #[test]
    fn pauses_grow_as_their_strategy_says() {
        let (base, max) = (ms(100), ms(30_000));
        let exponential = |multiplier| BackoffStrategy::Exponential {
            base,
            multiplier,
            max,
        };
        for (backoff, expected) in [
            (BackoffStrategy::None, [0, 0, 0, 0]),
            (BackoffStrategy::Fixed { delay: ms(7) }, [7, 7, 7, 7]),
            (
                BackoffStrategy::Linear { base, max },
                [100, 200, 300, 30_000],
            ),
            (BackoffStrategy::default(), [100, 200, 400, 30_000]),
            (exponential(1.5), [100, 150, 225, 30_000]),
            (exponential(1.0), [100, 100, 100, 100]),
            (exponential(0.5), [100, 50, 25, 0]),
            (exponential(0.0), [100, 0, 0, 0]),
            (exponential(-2.0), [100, 100, 100, 100]),
            (exponential(f64::NAN), [100, 100, 100, 100]),
            (exponential(f64::INFINITY), [100, 30_000, 30_000, 30_000]),
        ] {
            assert_eq!(pauses(&backoff), expected, "{backoff:?}");
        }
    }

    #[test]
    fn whole_milliseconds_stay_whole() {
        // A timer is rounded up: one nanosecond too many would be a millisecond.
        for attempt in 1..=24 {
            let backoff = BackoffStrategy::Exponential {
                base: ms(100),
                multiplier: 2.0,
                max: Duration::MAX,
            };
            let pause = backoff.delay_for_attempt(attempt);
            assert_eq!(pause, ms(100 << (attempt - 1)), "attempt {attempt}");
        }
    }

    #[test]
    fn jitter_shortens_a_pause_and_is_not_drawn_for_nothing() {
        let policy = RetryPolicy::default();
        let drawn = |policy: &RetryPolicy, draw: f64| policy.pause_after(1, || draw);
        assert_eq!(
            policy.pause_after(1, || unreachable!("there is no jitter")),
            ms(100)
        );
        let half = policy.clone().with_jitter(0.5);
        assert_eq!(drawn(&half, 0.0), ms(100));
        assert_eq!(drawn(&half, 0.5), ms(75));
        let beyond = policy.clone().with_jitter(7.0);
        assert_eq!(drawn(&beyond, 1.0), ms(0));
        assert_eq!(drawn(&policy.with_jitter(f64::NAN), 1.0), ms(100));
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_allowed(
            (base, max) in (any::<Duration>(), any::<Duration>()),
            (multiplier, jitter) in (any::<f64>(), any::<f64>()),
            (attempt, draw) in (any::<u32>(), 0.0..=1.0),
        ) {
            for backoff in [
                BackoffStrategy::Linear { base, max },
                BackoffStrategy::Exponential { base, multiplier, max },
            ] {
                let policy = RetryPolicy::new(3).with_backoff(backoff).with_jitter(jitter);
                let pause = policy.delay_for_attempt(attempt);
                prop_assert!(pause <= max);
                prop_assert!(policy.pause_after(attempt, || draw) <= pause);
                if multiplier >= 1.0 {
                    prop_assert!(pause <= policy.delay_for_attempt(attempt.saturating_add(1)));
                }
            }
        }
    }
}
