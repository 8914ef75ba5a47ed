//! Dice operations on a store and on the model, compared after each: in memory, and in a store
//! that is closed and opened every so many operations.

use std::sync::Arc;

use duroxide::storage::redb::RedbProvider;

use super::clock::StillEnv;
use super::lives::{Life, alone, empty_store, options};
use super::lockstep::{Lockstep, Step};
use super::seeds::{repeat, seeds};
use super::sim_disk::{Plan, SimDisk, Tear};
use crate::support::dice::{Dice, Patience};
use crate::support::is_long;

/// Operations of one seed.
const STEPS: u64 = 150;
/// Of all seeds together, in the long form.
const ALL_STEPS: u64 = 100_000;

#[test]
fn a_store_in_memory_does_what_the_model_does() {
    let (mut steps, patience) = (0, Patience::begin());
    for seed in seeds(2, ALL_STEPS.div_ceil(STEPS)) {
        let mut random = Dice::new(seed);
        let env = Arc::new(StillEnv::new());
        let outcome: Result<(), String> = alone(async {
            let store = options(&mut random, &env).in_memory().unwrap();
            let mut lockstep = Lockstep::new(env, Arc::new(store), random.clone());
            for number in 1..=STEPS {
                if random.one_in(60) {
                    lockstep.expire();
                }
                let step = lockstep.step().await;
                let compared = match step {
                    Ok(Step::Done) => lockstep.compare().await,
                    Ok(Step::Broken(calls)) => Err(format!("it failed by itself: {calls:?}")),
                    Err(problem) => Err(problem),
                };
                compared.map_err(|problem| {
                    let trace =
                        lockstep.trace[lockstep.trace.len().saturating_sub(25)..].join("\n  ");
                    format!("operation {number}: {problem}\n  {trace}")
                })?;
                steps += 1;
            }
            Ok(())
        });
        outcome.unwrap_or_else(|problem| repeat(seed, &problem));
    }
    println!("{steps} operations in {:.1?}", patience.spent());
}

#[test]
fn a_store_that_is_opened_again_and_again_does_what_the_model_does() {
    let (mut steps, mut openings, patience) = (0, 0, Patience::begin());
    for seed in seeds(1, ALL_STEPS.div_ceil(STEPS)) {
        let mut random = Dice::new(seed);
        let env = Arc::new(StillEnv::new());
        let options = options(&mut random, &env);
        let own = Dice::new(random.next());
        let mut life = Life::begin(SimDisk::holding(empty_store().clone()), options, own);
        let outcome: Result<(), String> = alone(async {
            let mut done = 0;
            while done < STEPS {
                life.recover().await?;
                life.lockstep.drain().await?;
                let some = 1 + random.below(25);
                for _ in 0..some {
                    life.work(Plan::default(), 1).await?;
                    life.lockstep.compare().await?;
                }
                done += some;
                openings += 1;
                life.lose_power(Tear::Nothing, &mut random);
            }
            steps += done;
            Ok(())
        });
        outcome.unwrap_or_else(|problem| repeat(seed, &format!("{problem}\n  {}", life.story())));
    }
    let spent = patience.spent();
    println!("{steps} operations, {openings} openings in {spent:.1?}");
}

/// The reference itself: whatever is done to it, its invariants hold.
#[test]
fn leases_that_run_out_are_taken_over_alike() {
    let count = if is_long() { 400 } else { 5 };
    for seed in seeds(count, count) {
        let random = Dice::new(seed);
        let env = Arc::new(StillEnv::new());
        let outcome: Result<(), String> = alone(async {
            let store = RedbProvider::options()
                .env(env.clone())
                .in_memory()
                .unwrap();
            let mut lockstep = Lockstep::new(env, Arc::new(store), random);
            for number in 0..60 {
                if number % 6 == 5 {
                    lockstep.expire();
                    lockstep.drain().await?;
                }
                lockstep.step().await?;
                lockstep.compare().await?;
            }
            Ok(())
        });
        outcome.unwrap_or_else(|problem| repeat(seed, &problem));
    }
}
