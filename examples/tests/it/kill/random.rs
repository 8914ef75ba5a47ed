//! Random numbers that come again for the same seed.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// xorshift64*: chance of this kind needs no library.
#[derive(Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// The seed is `DUROXIDE_SEED`, or another one each time.
    pub(super) fn from_env() -> Self {
        let seed = match std::env::var("DUROXIDE_SEED") {
            Ok(seed) => seed.parse().expect("DUROXIDE_SEED is a number"),
            Err(_) => RandomState::new().build_hasher().finish(),
        };
        println!("DUROXIDE_SEED={seed}");
        let state = seed | 1;
        Self { state }
    }

    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn between(&mut self, least: usize, most: usize) -> usize {
        let count = most - least + 1;
        least + usize::try_from(self.next() >> 33).unwrap() % count
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.between(1, count) == 1
    }

    pub(super) fn micros(&mut self, least: usize, most: usize) -> Duration {
        Duration::from_micros(self.between(least, most) as u64)
    }
}
