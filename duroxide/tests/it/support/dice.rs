//! Numbers from a seed: the same ones each time; and the cases that are made of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Whether the long form of a suite was asked for.
pub(crate) fn is_long() -> bool {
    std::env::var("DUROXIDE_LONG").is_ok_and(|value| value == "1")
}

/// How long a suite has been at it, and whether that is enough: `DUROXIDE_MINUTES`, which may be a
/// fraction, or as long as it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    begun: Instant,
    most: Option<Duration>,
}

impl Patience {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long the test takes, not what it does"
    )]
    fn of(most: Option<Duration>) -> Self {
        let begun = Instant::now();
        Self { begun, most }
    }

    pub(crate) fn begin() -> Self {
        Self::of(asked())
    }

    /// As long as that, if nothing else is asked for.
    pub(crate) fn begin_or(most: Duration) -> Self {
        Self::of(Some(asked().unwrap_or(most)))
    }

    /// As long as that, whatever is asked for.
    pub(crate) fn just(most: Duration) -> Self {
        Self::of(Some(most))
    }

    pub(crate) fn spent(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.most.is_some_and(|most| self.spent() >= most)
    }
}

fn asked() -> Option<Duration> {
    let minutes = std::env::var("DUROXIDE_MINUTES").ok()?;
    let minutes: f64 = minutes.parse().expect("DUROXIDE_MINUTES is a number");
    Some(Duration::from_secs_f64(60.0 * minutes))
}

/// Runs so many cases in the short and in the long form, or the one that `DUROXIDE_SEED` names. Says
/// how many it were, and in which time.
pub(crate) fn each_case(short: u64, long: u64, mut case: impl FnMut(&mut Dice)) {
    let seed = std::env::var("DUROXIDE_SEED").ok();
    let seeds = match seed.map(|seed| seed.parse().unwrap()) {
        Some(seed) => seed..=seed,
        None => 1..=if is_long() { long } else { short },
    };
    let (patience, mut cases) = (Patience::begin(), 0_u32);
    for seed in seeds {
        if patience.is_over() {
            break;
        }
        cases += 1;
        let done = catch_unwind(AssertUnwindSafe(|| case(&mut Dice::new(seed))));
        assert!(done.is_ok(), "DUROXIDE_SEED={seed}");
    }
    let spent = patience.spent();
    let rate = f64::from(cases) / spent.as_secs_f64();
    eprintln!("{cases} cases in {spent:.1?}, {rate:.0}/s");
}

/// A generator of numbers that all follow from its seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Another generator, which does not hang on how much is drawn from this one later.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// 64 bits, mixed well (the finaliser of splitmix64).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`; 0 if that is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    pub(crate) fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap()
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// True in `per_mille` of 1,000 cases.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    pub(crate) fn millis(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    pub(crate) fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}
