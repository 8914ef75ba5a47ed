//! Bits that flip while nobody looks.

use std::sync::Arc;

use duroxide::storage::redb::RedbProvider;

use super::faults::verified;
use super::lives::{Life, alone, empty_store, options};
use super::seeds::seeds;
use super::sim_disk::{Plan, SimDisk, Tear};
use super::view::view;
use crate::support::dice::Dice;

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

/// With a look at the checksums a flipped bit is an error, or it hit nothing.
#[test]
fn a_flipped_bit_is_an_error_and_never_a_wrong_answer() {
    let (mut refused, mut right) = (0, 0);
    for seed in seeds(12, 400) {
        let mut random = Dice::new(seed);
        let (bytes, shown) = closed_store(&mut random);
        for _ in 0..15 {
            let mut damaged = bytes.clone();
            flip(&mut damaged, &mut random);
            let disk = SimDisk::holding(damaged);
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

/// Without that look the file opens at once, and what is wrong may be noticed late; it never ends the
/// process.
#[test]
fn a_flipped_bit_panics_nowhere() {
    for seed in seeds(12, 400) {
        let mut random = Dice::new(seed);
        let (bytes, _) = closed_store(&mut random);
        for _ in 0..15 {
            let mut damaged = bytes.clone();
            flip(&mut damaged, &mut random);
            let disk = SimDisk::holding(damaged);
            let opened = RedbProvider::options().open_backend(move || Ok(disk.clone()));
            if let Ok(store) = opened {
                let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    drop(alone(async {
                        tokio::time::timeout(std::time::Duration::from_secs(20), view(&store)).await
                    }));
                }));
                assert!(looked.is_ok(), "DUROXIDE_SEED={seed}: a panic");
            }
        }
    }
}
