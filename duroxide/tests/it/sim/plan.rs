//! What is to happen in a run, from its seed: printed when it fails.

use std::time::Duration;

use super::planted::Bug;
use crate::support::dice::Dice;

/// The expanded options of a run.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether one kind of thing happens"
)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) store: Store,
    pub(crate) nodes: usize,
    pub(crate) roots: usize,
    /// How long things may go wrong.
    pub(crate) faulty_for: Duration,
    /// Of 1,000 calls of the store, so many fail before they do anything, and so many behind it.
    pub(crate) fail_before: u64,
    pub(crate) fail_after: u64,
    /// So many are made a second time, later.
    pub(crate) repeat: u64,
    pub(crate) delay: u64,
    /// Of 1,000 delays, so many are longer than a lease.
    pub(crate) long_delay: u64,
    /// Of 100,000 steps of all tasks.
    pub(crate) kill: u64,
    pub(crate) hold: u64,
    pub(crate) jump: u64,
    pub(crate) stop: u64,
    /// The model alone can do these two.
    pub(crate) restart_store: u64,
    pub(crate) corrupt: u64,
    /// The embedded store has a disk: it fails, and power is lost.
    pub(crate) disk: u64,
    pub(crate) power: u64,
    /// Its writer is a task like others: who calls the store waits for it, and groups form.
    pub(crate) flows: bool,
    /// And it holds groups open for so long.
    pub(crate) hold_writes: Duration,
    /// By how many milliseconds clocks may be wrong.
    pub(crate) skew: u64,
    /// Most nodes begin with the old version of the program, and come back with the new one.
    pub(crate) rolling: bool,
    pub(crate) bombs: bool,
    pub(crate) slow: bool,
    pub(crate) live_instances: usize,
    pub(crate) replay_twice: bool,
    pub(crate) max_attempts: u32,
    pub(crate) bug: Option<Bug>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Model,
    Redb,
}

/// How long a lock lasts in a run.
pub(crate) const LEASE: Duration = Duration::from_secs(5);

impl Plan {
    /// Nothing goes wrong.
    pub(crate) fn quiet() -> Self {
        Self {
            seed: 0,
            store: Store::Model,
            nodes: 1,
            roots: 0,
            faulty_for: Duration::ZERO,
            fail_before: 0,
            fail_after: 0,
            repeat: 0,
            delay: 0,
            long_delay: 0,
            kill: 0,
            hold: 0,
            jump: 0,
            stop: 0,
            restart_store: 0,
            corrupt: 0,
            disk: 0,
            power: 0,
            flows: false,
            hold_writes: Duration::ZERO,
            skew: 0,
            rolling: false,
            bombs: false,
            slow: false,
            live_instances: 0,
            replay_twice: false,
            max_attempts: 10,
            bug: None,
        }
    }

    pub(crate) fn of(seed: u64, bug: Option<Bug>) -> Self {
        let mut dice = Dice::new(seed);
        // Some runs without any fault of a kind, others with many.
        let mut often = |most: u64| {
            if dice.chance(400) {
                0
            } else {
                dice.between(1, most)
            }
        };
        let (fail_before, fail_after, repeat) = (often(80), often(80), often(80));
        let (delay, long_delay) = (often(500), often(30));
        let (kill, hold, jump, stop) = (often(300), often(300), often(300), often(300));
        let (restart_store, corrupt) = (often(60), often(80));
        let (disk, power) = (often(500), often(400));
        let bombs = dice.chance(80);
        let rolling = dice.chance(400);
        let is_redb = dice.chance(200);
        let flows = is_redb && dice.chance(500);
        let holds = flows && dice.chance(300);
        Self {
            seed,
            store: if is_redb { Store::Redb } else { Store::Model },
            nodes: usize::try_from(dice.between(1, 4)).unwrap(),
            roots: usize::try_from(dice.between(1, 5)).unwrap(),
            faulty_for: dice.millis(2_000, 60_000),
            fail_before,
            fail_after,
            repeat,
            delay,
            long_delay,
            kill,
            hold,
            jump,
            stop,
            restart_store,
            corrupt: if dice.chance(300) { corrupt } else { 0 },
            disk,
            power,
            flows,
            hold_writes: Duration::from_millis(u64::from(holds)),
            skew: if dice.chance(500) { 0 } else { 3_600_000 },
            rolling,
            bombs,
            slow: dice.chance(400),
            live_instances: [0, 2, 10_000][dice.index(3)],
            replay_twice: dice.chance(200),
            max_attempts: if bombs { 3 } else { 100 },
            bug,
        }
    }
}
