//! The seeds of a suite, and how a failure is repeated.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use crate::support::is_long;

/// The seeds of a suite: `DUROXIDE_SEED` alone if that is given, else as many from a random one on.
pub(crate) fn seeds(short: u64, long_form: u64) -> Vec<u64> {
    if let Ok(seed) = std::env::var("DUROXIDE_SEED") {
        return vec![seed.parse().expect("DUROXIDE_SEED is a number")];
    }
    let first = RandomState::new().build_hasher().finish() >> 16;
    let count = if is_long() { long_form } else { short };
    (first..first + count).collect()
}

/// Fails a test with what it takes to see the same again.
pub(crate) fn repeat(seed: u64, problem: &str) -> ! {
    panic!("DUROXIDE_SEED={seed} repeats this: {problem}")
}
