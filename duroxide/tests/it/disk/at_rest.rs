//! Bits that flip while nobody looks.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use duroxide::storage::redb::RedbProvider;

use super::faults::verified;
use super::lives::{Life, alone, empty_store, options};
use super::seeds::{repeat, seeds};
use super::sim_disk::{Plan, SimDisk, Tear};
use super::view::view;
use crate::support::dice::{Dice, is_long};

/// The file of a store that has worked for a while, closed in peace, and what it shows.
fn closed_store(random: &mut Dice) -> (Vec<u8>, Vec<String>) {
    let env = Arc::new(super::clock::StillEnv::new());
    let options = options(random, &env);
    let own = Dice::new(random.next());
    let mut life = Life::begin(SimDisk::holding(empty_store().clone()), options, own);
    let shown = alone(async {
        life.recover().await?;
        life.work(Plan::default(), 60).await?;
        let shown = view(&*life.lockstep.store).await;
        shown.map_err(|error| error.to_string())
    });
    life.lose_power(Tear::Nothing, random);
    (life.disk.bytes(), shown.unwrap())
}

/// Flips a few bits, most of them where something is.
fn flip(bytes: &mut [u8], random: &mut Dice) {
    for _ in 0..=random.below(3) {
        let mut place = random.index(bytes.len());
        for _ in 0..200 {
            if bytes[place] != 0 {
                break;
            }
            place = random.index(bytes.len());
        }
        bytes[place] ^= 1 << random.below(8);
    }
}

/// Damaged copies of the file of a closed store, and what that showed.
fn damaged(seed: u64) -> (impl Iterator<Item = SimDisk>, Vec<String>) {
    let mut random = Dice::new(seed);
    let (bytes, shown) = closed_store(&mut random);
    let disks = (0..15).map(move |_| {
        let mut damaged = bytes.clone();
        flip(&mut damaged, &mut random);
        SimDisk::holding(damaged)
    });
    (disks, shown)
}

/// With a look at the checksums a flipped bit is an error, or it hit nothing.
#[test]
fn a_flipped_bit_is_an_error_and_never_a_wrong_answer() {
    let (mut refused, mut right) = (0, 0);
    for seed in seeds(12, 400) {
        let (disks, shown) = damaged(seed);
        for disk in disks {
            let Ok(store) = verified(&disk) else {
                refused += 1;
                continue;
            };
            match alone(view(&store)) {
                Ok(now) => assert_eq!(now, shown, "DUROXIDE_SEED={seed}: a wrong answer"),
                Err(error) => drop(error),
            }
            right += 1;
        }
    }
    println!("{refused} refused, {right} right");
    assert!(refused > 0 && right > 0);
}

/// Without that look the file opens at once, and what is wrong may be noticed late: nothing of ours
/// panics then. redb itself may panic while it cleans up behind a panic, which ends the process, or
/// come to no end. So the long form gives each seed a process.
#[test]
fn a_flipped_bit_panics_nowhere() {
    let asked = std::env::var("DUROXIDE_SEED").ok();
    match asked.map(|seed| seed.parse().unwrap()) {
        Some(seed) => in_time(seed),
        None if is_long() => {
            let [fine, ended, endless] = in_processes_of_their_own(400);
            println!("{fine} seeds without harm, {ended} ended the process, {endless} had no end");
            assert!(fine > 9 * (ended + endless));
        }
        None => (1..=12).for_each(open_damaged),
    }
}

/// How many seeds did no harm, ended the process, came to no end.
fn in_processes_of_their_own(count: u64) -> [u64; 3] {
    let (mut fine, mut ended, mut endless) = (0, 0, 0);
    for seed in seeds(count, count) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "disk::at_rest::a_flipped_bit_panics_nowhere"])
            .env("DUROXIDE_SEED", seed.to_string())
            .output();
        match child.unwrap().status.code() {
            Some(0) => fine += 1,
            Some(ENDLESS) => endless += 1,
            Some(_) => repeat(seed, "a panic"),
            None => ended += 1,
        }
    }
    [fine, ended, endless]
}

/// How a process ends that has waited too long.
const ENDLESS: i32 = 3;

/// Waits no longer than that for a seed.
fn in_time(seed: u64) {
    let (tell, told) = mpsc::channel();
    let work = thread::spawn(move || {
        open_damaged(seed);
        drop(tell);
    });
    if told.recv_timeout(Duration::from_secs(120)) == Err::<(), _>(RecvTimeoutError::Timeout) {
        std::process::exit(ENDLESS);
    }
    let looked = work.join();
    assert!(looked.is_ok(), "DUROXIDE_SEED={seed}: a panic");
}

fn open_damaged(seed: u64) {
    let (disks, _) = damaged(seed);
    for disk in disks {
        let opened = RedbProvider::options().open_backend(move || Ok(disk.clone()));
        if let Ok(store) = opened {
            drop(alone(async {
                tokio::time::timeout(Duration::from_secs(20), view(&store)).await
            }));
        }
    }
}
