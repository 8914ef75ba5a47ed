//! Power is lost at each operation with which a store is created, or brought up from an old format,
//! and closed: the next opening finds a store that is new, or says what it always said.

use std::sync::Arc;

use duroxide::provider::Provider as _;
use duroxide::provider::conformance::first_start;
use duroxide::storage::redb::{Commits, OpenError, RedbOptions, RedbProvider};

use super::clock::StillEnv;
use super::golden::{said, store_of_format_1, what_it_says};
use super::lives::alone;
use super::sim_disk::{Plan, SimDisk, Tear};
use super::view;
use crate::support::dice::Dice;

const TEARS: [Tear; 5] = [
    Tear::Nothing,
    Tear::Whole,
    Tear::Sectors,
    Tear::Prefix,
    Tear::Chunks,
];

/// Each way of making a group durable with each protocol of redb.
fn ways() -> Vec<RedbOptions> {
    let all = [Commits::Tables, Commits::Journal].map(|commits| {
        let options = RedbProvider::options()
            .env(Arc::new(StillEnv::new()))
            .commits(commits);
        let (two, quick) = (options.clone(), options.clone());
        [
            options,
            two.two_phase_commit(true),
            quick.quick_repair(true),
        ]
    });
    all.concat()
}

fn open(options: &RedbOptions, disk: &SimDisk) -> Result<RedbProvider, OpenError> {
    let disk = disk.clone();
    options.clone().open_backend(move || Ok(disk.clone()))
}

/// Opens and closes a store and loses power at each operation of that; each time `check` gets what is
/// found then.
#[expect(clippy::print_stdout, reason = "for whoever runs the long form")]
fn at_each_operation(bytes: &[u8], check: impl AsyncFn(RedbProvider)) -> u64 {
    let mut losses = 0;
    for (number, options) in ways().iter().enumerate() {
        for at in 1.. {
            let disk = SimDisk::holding(bytes.to_vec());
            disk.plan(Plan {
                crash_at: Some(at),
                ..Plan::default()
            });
            drop(open(options, &disk));
            if !disk.fired() {
                break;
            }
            for tear in TEARS {
                let found = disk.crash(tear, &mut Dice::new(at));
                let store = open(options, &found).unwrap_or_else(|error| {
                    panic!("way {number}, operation {at}, {tear:?}: {error:?}")
                });
                alone(check(store));
                losses += 1;
            }
        }
    }
    println!("{losses} losses of power");
    losses
}

#[test]
fn power_may_be_lost_at_each_operation_with_which_a_store_is_created() {
    let losses = at_each_operation(&[], async |store| {
        assert_eq!(said(&store).await, "0 messages, 0 activities\n");
        let id = view::instance("a");
        store.start(&id, first_start("orders", "in")).await.unwrap();
    });
    assert!(losses > 0);
}

#[test]
fn power_may_be_lost_at_each_operation_with_which_an_old_format_is_brought_up() {
    let (bytes, expected) = (store_of_format_1(), what_it_says());
    let losses = at_each_operation(&bytes, async |store| {
        assert_eq!(said(&store).await, expected);
    });
    assert!(losses > 0);
}
