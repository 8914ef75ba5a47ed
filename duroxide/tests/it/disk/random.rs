//! Random numbers that come again for the same seed, and how long a suite runs.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// Splitmix64: chance of this kind needs no library.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// A place in something of this length.
    pub(crate) fn place(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }

    pub(crate) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// Whether the long form of the suites was asked for.
pub(crate) fn long() -> bool {
    std::env::var("DUROXIDE_LONG").is_ok_and(|value| value == "1")
}

/// The seeds of a suite: `DUROXIDE_SEED` alone if that is given, else as many from a random one on.
pub(crate) fn seeds(short: u64, long_form: u64) -> Vec<u64> {
    if let Ok(seed) = std::env::var("DUROXIDE_SEED") {
        return vec![seed.parse().expect("DUROXIDE_SEED is a number")];
    }
    let first = RandomState::new().build_hasher().finish() >> 16;
    let count = if long() { long_form } else { short };
    (first..first + count).collect()
}

/// Fails a test with what it takes to see the same again.
pub(crate) fn repeat(seed: u64, problem: &str) -> ! {
    panic!("DUROXIDE_SEED={seed} repeats this: {problem}")
}
