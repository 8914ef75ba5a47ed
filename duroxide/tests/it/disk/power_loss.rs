//! Power is lost at any operation of the disk, recovery included: everything that was acknowledged
//! is there, and of what was not each call is there as a whole or not at all.

use std::sync::Arc;

use super::clock::StillEnv;
use super::lives::{Life, Tally, alone, empty_store, options};
use super::seeds::{repeat, seeds};
use super::sim_disk::{Plan, SimDisk, Tear};
use crate::support::{dice::Dice, is_long};

/// Four lives of one store.
async fn lives(seed: u64) -> Result<Tally, String> {
    let mut random = Dice::new(seed);
    let env = Arc::new(StillEnv::new());
    let options = options(&mut random, &env);
    let own = Dice::new(random.next());
    let mut life = if random.one_in(4) {
        // The first losses of power hit the creation of the file.
        let mut life = Life::begin(SimDisk::new(), options, own);
        life.lose_power_in_recovery(1 + random.below(3), &mut random);
        life
    } else {
        Life::begin(SimDisk::holding(empty_store().clone()), options, own)
    };
    for number in 0..4 {
        let outcome = one_life(&mut life, &mut random, number).await;
        outcome.map_err(|problem| format!("{problem}\n  {}", life.story()))?;
    }
    let outcome = life.recover().await;
    outcome.map_err(|problem| format!("{problem}\n  {}", life.story()))?;
    Ok(life.tally)
}

async fn one_life(life: &mut Life, random: &mut Dice, number: u64) -> Result<(), String> {
    life.recover().await?;
    life.lockstep.drain().await?;
    if (random.below(10) + number).is_multiple_of(10) {
        life.check_integrity()?;
    }
    let plan = Plan {
        crash_at: Some(1 + random.below(120)),
        ..Plan::default()
    };
    let steps = 10 + random.below(30);
    life.work(plan, steps).await?;
    let tear = Tear::any(random);
    life.lose_power(tear, random);
    if random.one_in(3) {
        life.lose_power_in_recovery(1 + random.below(2), random);
    }
    Ok(())
}

/// The lives of one seed, for whoever wants to see them fail.
pub(crate) fn four_lives(seed: u64) -> Result<Tally, String> {
    alone(lives(seed))
}

#[test]
fn nothing_acknowledged_is_lost_when_power_is() {
    let mut all = Tally::default();
    let seeds = seeds(80, 60_000);
    for &seed in &seeds {
        let tally = four_lives(seed).unwrap_or_else(|problem| repeat(seed, &problem));
        all.lives += tally.lives;
        all.in_recovery += tally.in_recovery;
        all.in_doubt += tally.in_doubt;
        all.steps += tally.steps;
    }
    println!("{} seeds from {}: {all:?}", seeds.len(), seeds[0]);
}

/// One life of a fixed story, with power lost at this operation; how many operations it has.
async fn scenario(number: u64, crash_at: u64, tear: Tear) -> Result<u64, String> {
    let mut random = Dice::new(1_000 + number);
    let env = Arc::new(StillEnv::new());
    let options = options(&mut random, &env);
    let disk = SimDisk::holding(empty_store().clone());
    let mut life = Life::begin(disk, options, Dice::new(number));
    life.recover().await?;
    let plan = Plan {
        crash_at: Some(crash_at),
        ..Plan::default()
    };
    let outcome = async {
        life.work(plan, 25).await?;
        let nothing = life.lockstep.model.clone();
        life.lockstep.store = Arc::new(nothing);
        let operations = life.disk.mutations();
        life.lose_power(tear, &mut random);
        life.recover().await?;
        life.lockstep.drain().await?;
        Ok(operations)
    };
    let outcome: Result<u64, String> = outcome.await;
    outcome.map_err(|problem| format!("{problem}\n  {}", life.story()))
}

#[test]
fn power_may_be_lost_at_each_operation_of_twenty_stories() {
    let tears = [Tear::Nothing, Tear::Whole, Tear::Mixed];
    let mut lives = 0_u64;
    for number in 0..20 {
        let never = u64::MAX;
        let operations = alone(scenario(number, never, Tear::Nothing))
            .unwrap_or_else(|problem| panic!("story {number}: {problem}"));
        // The long form loses power everywhere, the short one at every so many operations.
        let stride = if is_long() { 1 } else { 1 + operations / 10 };
        for at in (1 + number % stride..=operations).step_by(usize::try_from(stride).unwrap()) {
            let tear = tears[usize::try_from(at + number).unwrap() % tears.len()];
            let outcome = alone(scenario(number, at, tear));
            outcome.unwrap_or_else(|problem| {
                panic!("story {number}, power lost at operation {at}, {tear:?}: {problem}")
            });
            lives += 1;
        }
    }
    println!("{lives} losses of power");
}
