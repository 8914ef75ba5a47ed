//! Disks that fail and come back, that are full, that forget, that lie.

use std::sync::Arc;
use std::time::Duration;

use duroxide::storage::redb::{OpenError, RedbProvider};

use super::clock::StillEnv;
use super::lives::{Life, alone, empty_store, eventually, options};
use super::seeds::{repeat, seeds};
use super::sim_disk::{Plan, SimDisk, Tear};
use super::view;
use crate::support::dice::Dice;

fn new_life(random: &mut Dice) -> Life {
    let env = Arc::new(StillEnv::new());
    let options = options(random, &env);
    let own = Dice::new(random.next());
    Life::begin(SimDisk::holding(empty_store().clone()), options, own)
}

/// Runs a story for each of some seeds.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a closure is easier to read without an ampersand"
)]
fn each_seed(short: u64, story: impl AsyncFn(&mut Life, &mut Dice) -> Result<(), String>) {
    for seed in seeds(short, 3_000) {
        let mut random = Dice::new(seed);
        let mut life = new_life(&mut random);
        let outcome = alone(story(&mut life, &mut random));
        outcome.unwrap_or_else(|problem| repeat(seed, &format!("{problem}\n  {}", life.story())));
    }
}

/// How long a store may take to notice a fault by itself, before it is closed and opened.
const NOTICING: Duration = Duration::from_millis(300);

/// The store comes back by itself, in the same handle; what it acknowledged is there.
async fn comes_back(life: &mut Life) -> Result<(), String> {
    let fired = life.disk.fired();
    life.disk.plan(Plan::default());
    let store = Arc::clone(&life.lockstep.store);
    // What is read before the store has dropped the broken file may be older than what is there in
    // the end. A fault in a read may be noticed by the next write only.
    let reopens = async || eventually(async || life.has_reopened()).await;
    let is_noticed = !fired || tokio::time::timeout(NOTICING, reopens()).await.is_ok();
    eventually(async || view::view(&*store).await.is_ok()).await?;
    if is_noticed {
        let in_doubt = std::mem::take(&mut life.in_doubt);
        life.lockstep.recover(store, in_doubt).await?;
    } else {
        drop(store);
        life.close();
        life.recover().await?;
    }
    life.lockstep.drain().await?;
    Ok(())
}

#[test]
fn one_failed_operation_costs_nothing_that_was_acknowledged() {
    each_seed(20, async |life, random| {
        life.recover().await?;
        for _ in 0..4 {
            let plan = Plan {
                fail_at: Some(1 + random.below(100)),
                forgetful: random.one_in(2),
                ..Plan::default()
            };
            life.work(plan, 30).await?;
            comes_back(life).await?;
        }
        life.lose_power(Tear::Nothing, random);
        life.recover().await
    });
}

#[test]
fn a_read_that_comes_back_short_costs_nothing_that_was_acknowledged() {
    each_seed(15, async |life, random| {
        // Without memory for pages everything is read from the disk.
        life.options = life.options.clone().cache_bytes(0);
        life.recover().await?;
        for _ in 0..4 {
            let plan = Plan {
                short_read_at: Some(1 + random.below(150)),
                ..Plan::default()
            };
            life.work(plan, 30).await?;
            comes_back(life).await?;
        }
        Ok(())
    });
}

#[test]
fn while_the_disk_is_away_nothing_is_acknowledged() {
    each_seed(12, async |life, random| {
        life.recover().await?;
        let plan = Plan {
            fail_at: Some(1 + random.below(60)),
            lasting: true,
            ..Plan::default()
        };
        life.work(plan, 40).await?;
        if life.disk.fired() {
            let id = view::instance("while-it-is-away");
            let start = duroxide::provider::conformance::first_start("orders", "");
            let answer = life.lockstep.store.start(&id, start).await;
            if !matches!(&answer, Err(error) if error.is_retryable()) {
                return Err(format!("the disk is away, the store says {answer:?}"));
            }
        }
        comes_back(life).await
    });
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    each_seed(12, async |life, random| {
        life.recover().await?;
        life.work(Plan::default(), 5).await?;
        life.lockstep.names.fat = true;
        let room = life.disk.bytes().len() as u64;
        let plan = Plan {
            capacity: Some(room + random.below(2) * 4096),
            ..Plan::default()
        };
        let full = life.work(plan.clone(), 200).await?;
        if !full {
            return Err("the disk never got full".to_owned());
        }
        // Nothing was acknowledged that is not there, also on the disk that is still full.
        life.disk.plan(plan);
        life.lose_power(Tear::Nothing, random);
        life.recover().await?;
        life.lockstep.drain().await?;
        Ok(())
    });
}

/// A disk that acknowledges what it does not do cannot be survived. That it is noticed shows that
/// the comparison of these tests sees what is lost.
#[test]
fn a_disk_that_lies_is_found_out() {
    let (mut noticed, mut told) = (0, 0);
    for seed in seeds(25, 500) {
        let mut random = Dice::new(seed);
        let mut life = new_life(&mut random);
        let found = alone(async {
            life.recover().await?;
            let plan = Plan {
                lying: true,
                ..Plan::default()
            };
            life.work(plan, 40).await?;
            life.lose_power(Tear::Nothing, &mut random);
            life.recover().await
        });
        told += 1;
        noticed += i32::from(found.is_err());
    }
    // Now and then a story changes nothing, and there is nothing to lose.
    assert!(noticed * 10 >= told * 9, "{noticed} of {told} noticed");
}

/// Old writes that arrive behind newer ones of the same place, as a disk does that ignores barriers
/// between two syncs. redb writes a page once in a commit; its header it does not.
#[test]
fn overlapping_writes_may_arrive_in_another_order() {
    each_seed(25, async |life, random| {
        life.recover().await?;
        for _ in 0..3 {
            let plan = Plan {
                crash_at: Some(1 + random.below(120)),
                ..Plan::default()
            };
            life.work(plan, 30).await?;
            life.lose_power(Tear::Reordered, random);
            life.recover().await?;
            life.lockstep.drain().await?;
        }
        Ok(())
    });
}

/// A write that goes to another place damages what was there, and what should be here. Nobody can
/// undo that; whoever looks at the checksums is not given a wrong answer. (redb does not look when it
/// reads: a page that is read back before anybody has looked is taken as it is. So the pages of this
/// store stay in memory until it is closed.)
#[test]
fn a_misdirected_write_is_found_by_the_checksums() {
    let mut hits = 0;
    for seed in seeds(25, 500) {
        let mut random = Dice::new(seed);
        let mut life = new_life(&mut random);
        life.options = life.options.clone().cache_bytes(64 << 20);
        let told: Result<(), String> = alone(async {
            life.recover().await?;
            let plan = Plan {
                misdirect_at: Some(1 + random.below(60)),
                ..Plan::default()
            };
            life.work(plan, 30).await?;
            let nothing = life.lockstep.model.clone();
            life.lockstep.store = Arc::new(nothing);
            Ok(())
        });
        if !life.disk.fired() {
            continue;
        }
        hits += 1;
        let found = alone(async {
            life.disk.plan(Plan::default());
            told?;
            let store = verified(&life.disk).map_err(|error| format!("refused: {error}"))?;
            life.lockstep.recover(Arc::new(store), Vec::new()).await
        });
        if let Err(problem) = found
            && !problem.starts_with("refused")
        {
            repeat(seed, &format!("{problem}\n{}", life.story()));
        }
    }
    assert!(hits > 0, "no write was misdirected");
}

/// Opens a store with a look at all checksums first.
pub(crate) fn verified(disk: &SimDisk) -> Result<RedbProvider, OpenError> {
    let disk = disk.clone();
    RedbProvider::options()
        .verify(true)
        .open_backend(move || Ok(disk.clone()))
}
