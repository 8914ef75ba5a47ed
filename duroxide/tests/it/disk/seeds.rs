//! The seeds of a suite, and how a failure is repeated.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use crate::support::dice::Patience;
use crate::support::is_long;

/// The seeds of a suite: `DUROXIDE_SEED` alone if that is given, else as many from a random one on; no
/// more than fit into `DUROXIDE_MINUTES`.
pub(crate) fn seeds(short: u64, long_form: u64) -> impl Iterator<Item = u64> {
    let first = RandomState::new().build_hasher().finish() >> 16;
    let count = if is_long() { long_form } else { short };
    let asked = std::env::var("DUROXIDE_SEED").ok();
    let (first, count) = match asked {
        Some(seed) => (seed.parse().expect("DUROXIDE_SEED is a number"), 1),
        None => (first, count),
    };
    let patience = Patience::begin();
    (first..first + count).take_while(move |_| !patience.is_over())
}

/// Fails a test with what it takes to see the same again.
pub(crate) fn repeat(seed: u64, problem: &str) -> ! {
    panic!("DUROXIDE_SEED={seed} repeats this: {problem}")
}
