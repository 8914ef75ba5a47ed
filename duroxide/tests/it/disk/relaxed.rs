//! What a store gives up that was told to lose the last second; and what it says when its disk fails.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duroxide::provider::InstanceQuery;
use duroxide::provider::Provider as _;
use duroxide::provider::conformance::{ALL, first_start};
use duroxide::storage::redb::{Durability, RedbOptions, RedbProvider};
use redb::{Database, StorageBackend};

use super::clock::StillEnv;
use super::lives::{alone, eventually};
use super::seeds::{repeat, seeds};
use super::sim_disk::{Plan, SimDisk, Tear};
use super::view;
use crate::runtime::log::log;
use crate::support::dice::Dice;

fn relaxed(seed: u64, env: &Arc<StillEnv>) -> RedbOptions {
    let options = RedbProvider::options().env(env.clone());
    options
        .durability(Durability::LosesLastSeconds)
        .two_phase_commit(seed % 4 == 1)
        .quick_repair(seed.is_multiple_of(2))
}

/// More takes long.
const MANY: u64 = 2_000;

fn name(number: u64) -> String {
    format!("i-{number:06}")
}

/// How many starts were acknowledged before the disk died, and how many of them are there then.
async fn acknowledged_and_found(seed: u64, pause: u64) -> Result<(u64, u64), String> {
    let mut random = Dice::new(seed);
    let env = Arc::new(StillEnv::new());
    let disk = SimDisk::new();
    let opened = disk.clone();
    let store = relaxed(seed, &env).open_backend(move || Ok(opened.clone()));
    let store = store.unwrap();
    disk.plan(Plan {
        crash_at: Some(5 + random.below(60)),
        ..Plan::default()
    });
    let mut acknowledged = 0;
    while !disk.fired() && acknowledged < MANY {
        env.advance(pause);
        let id = view::instance(&name(acknowledged));
        if store.start(&id, first_start("orders", "in")).await.is_err() {
            break;
        }
        acknowledged += 1;
    }
    drop(store);
    let found = disk.crash(Tear::any(&mut random), &mut random);
    let copy = found.clone();
    let store = relaxed(seed, &env).open_backend(move || Ok(copy.clone()));
    let store = store.map_err(|error| format!("cannot be opened: {error:?}"))?;
    let admin = store.admin().unwrap();
    let query = InstanceQuery::default();
    let all = admin.list_instances(&query, None, ALL).await;
    let all = all.map_err(|error| error.to_string())?;
    for (number, status) in (0..).zip(&all) {
        if status.instance.as_str() != name(number) {
            return Err(format!("a hole before {status:?}"));
        }
    }
    view::view(&store)
        .await
        .map_err(|error| error.to_string())?;
    drop(store);
    let copy = SimDisk::holding(found.bytes());
    let mut database = Database::builder().create_with_backend(copy).unwrap();
    match database.check_integrity() {
        Ok(true) => Ok((acknowledged, all.len() as u64)),
        other => Err(format!("redb finds {other:?}")),
    }
}

fn lost(pause: u64) -> u64 {
    let mut lost = 0;
    for seed in seeds(15, 1_000) {
        let outcome = alone(acknowledged_and_found(seed, pause));
        let (acknowledged, found) = outcome.unwrap_or_else(|problem| repeat(seed, &problem));
        lost += acknowledged.saturating_sub(found);
    }
    lost
}

/// What is there is a beginning of what was acknowledged, without a hole.
#[test]
fn a_relaxed_store_loses_the_end_of_what_it_acknowledged_and_stays_whole() {
    assert!(lost(1) > 0, "nothing was lost: is it relaxed at all?");
}

/// Each of these writes comes a second behind the one before, and is synced.
#[test]
fn a_relaxed_store_loses_no_more_than_a_second() {
    assert_eq!(lost(1_001), 0);
}

/// Fails with words that no other test has.
#[derive(Debug)]
struct Telling(SimDisk, Arc<AtomicBool>);

const WORDS: &str = "smoke comes out of the drive";

impl StorageBackend for Telling {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.1.load(Ordering::SeqCst) {
            return Err(io::Error::other(WORDS));
        }
        self.0.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_is_an_error_in_the_log_and_so_is_its_return_a_line() {
    let log = log();
    let (disk, fails) = (SimDisk::new(), Arc::new(AtomicBool::new(false)));
    let (opened, switch) = (disk.clone(), Arc::clone(&fails));
    let factory = move || Ok(Telling(opened.clone(), Arc::clone(&switch)));
    let store = RedbProvider::options().open_backend(factory).unwrap();
    fails.store(true, Ordering::SeqCst);
    let start = first_start("orders", "in");
    let id = view::instance("a");
    assert!(store.start(&id, start.clone()).await.is_err());
    let target = "duroxide::storage::redb::writer";
    let said = |level: &str| {
        let lines = log.lines(target, |line| {
            line.level == level && line.fields.contains(WORDS)
        });
        lines.len()
    };
    eventually(async || said("ERROR") == 1 && said("WARN") > 0)
        .await
        .unwrap();
    fails.store(false, Ordering::SeqCst);
    let back = eventually(async || store.start(&id, start.clone()).await.is_ok()).await;
    back.unwrap();
}
