//! Power is lost at any operation of the disk, recovery included: everything that was acknowledged
//! is there, and of what was not each call is there as a whole or not at all.

use std::sync::Arc;

use super::clock::StillEnv;
use super::lives::{Life, Tally, alone, empty_store, options};
use super::seeds::{repeat, seeds};
use super::sim_disk::{Plan, SimDisk, Tear};
use crate::support::dice::{Dice, Patience};

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
    let (mut count, patience) = (0_u64, Patience::begin());
    for seed in seeds(80, 134_000) {
        count += 1;
        let tally = four_lives(seed).unwrap_or_else(|problem| repeat(seed, &problem));
        all.lives += tally.lives;
        all.in_recovery += tally.in_recovery;
        all.in_doubt += tally.in_doubt;
        all.steps += tally.steps;
    }
    println!("{count} seeds in {:.1?}: {all:?}", patience.spent());
}
