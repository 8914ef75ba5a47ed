//! Twenty fixed stories of a store, and power lost at each operation of the disk in them: of the work,
//! of its end, and of the opening behind a loss.

use std::sync::Arc;

use duroxide::storage::redb::Commits;

use super::clock::StillEnv;
use super::lives::{Life, alone, empty_store, options};
use super::sim_disk::{Plan, SimDisk, Tear};
use crate::support::dice::{Dice, Patience};
use crate::support::is_long;

const STORIES: u64 = 20;
const STEPS: u64 = 25;
const TEARS: [Tear; 3] = [Tear::Nothing, Tear::Whole, Tear::Mixed];

/// When power is lost: operations of the disk, from 1 on.
#[derive(Clone, Copy, Debug)]
struct Losses {
    at_work: u64,
    in_opening: Option<u64>,
}

/// How far a story came.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Of the work and the end.
    operations: u64,
    /// Whether the opening has the operation with which power was to be lost.
    is_lost_in_opening: bool,
}

/// Each way of making a group durable with each protocol of redb, and all else by the number.
fn begin(number: u64, random: &mut Dice) -> Life {
    let env = Arc::new(StillEnv::new());
    let commits = [Commits::Tables, Commits::Journal];
    let options = options(random, &env)
        .commits(commits[usize::try_from(number % 2).unwrap()])
        .two_phase_commit(number % 3 == 1)
        .quick_repair(number % 3 == 2);
    let disk = SimDisk::holding(empty_store().clone());
    Life::begin(disk, options, Dice::new(number))
}

async fn tell(
    life: &mut Life,
    losses: Losses,
    tear: Tear,
    dice: &mut Dice,
) -> Result<Told, String> {
    life.recover().await?;
    let plan = Plan {
        crash_at: Some(losses.at_work),
        ..Plan::default()
    };
    life.work(plan, STEPS).await?;
    life.close();
    let operations = life.disk.mutations();
    life.lose_power(tear, dice);
    let mut is_lost_in_opening = false;
    if let Some(at) = losses.in_opening {
        let plan = Plan {
            crash_at: Some(at),
            ..Plan::default()
        };
        life.disk.plan(plan);
        drop(life.open());
        is_lost_in_opening = life.disk.fired();
        life.lose_power(tear, dice);
    }
    life.recover().await?;
    life.lockstep.drain().await?;
    Ok(Told {
        operations,
        is_lost_in_opening,
    })
}

/// One story with these losses of power. Its number says all else.
fn story(number: u64, losses: Losses) -> Told {
    let mut random = Dice::new(1_000 + number);
    let mut life = begin(number, &mut random);
    let at = losses.in_opening.unwrap_or(losses.at_work);
    let tear = TEARS[usize::try_from((at % 3 + number) % 3).unwrap()];
    alone(tell(&mut life, losses, tear, &mut random)).unwrap_or_else(|problem| {
        let story = life.story();
        panic!("story {number}, {losses:?}, {tear:?}: {problem}\n  {story}")
    })
}

/// How many operations a story has if nothing is lost.
fn operations(number: u64) -> u64 {
    let never = Losses {
        at_work: u64::MAX,
        in_opening: None,
    };
    story(number, never).operations
}

#[test]
fn power_may_be_lost_at_each_operation_of_twenty_stories() {
    let (mut lives, patience) = (0_u64, Patience::begin());
    for number in 0..STORIES {
        let operations = operations(number);
        // The long form loses power everywhere, the short one at every so many operations.
        let stride = if is_long() { 1 } else { 1 + operations / 10 };
        let from = 1 + number % stride;
        for at_work in (from..=operations).step_by(usize::try_from(stride).unwrap()) {
            let in_opening = None;
            story(
                number,
                Losses {
                    at_work,
                    in_opening,
                },
            );
            lives += 1;
        }
    }
    println!("{lives} losses of power in {:.1?}", patience.spent());
}

#[test]
fn power_may_be_lost_again_at_each_operation_of_the_opening_behind_a_loss() {
    let (mut lives, patience) = (0_u64, Patience::begin());
    for number in 0..STORIES {
        let at_work = operations(number) / 2;
        let stride = if is_long() { 1 } else { 4 };
        let mut at = 1 + number % stride;
        let lost = |at| {
            let in_opening = Some(at);
            story(
                number,
                Losses {
                    at_work,
                    in_opening,
                },
            )
            .is_lost_in_opening
        };
        while lost(at) {
            lives += 1;
            at += stride;
        }
        assert!(at > 1, "story {number}: opening writes nothing");
    }
    println!("{lives} losses of power in {:.1?}", patience.spent());
}
