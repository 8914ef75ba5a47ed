//! Stores whose file cannot grow any more: by a limit of the process, or because the disk is full.
//! As long as that lasts nothing is acknowledged; then the same process goes on, or the next.

use std::fs;
use std::time::Duration;

use super::case::Case;
use super::outside::{WITHOUT_SIGXFSZ, can_limit, limit, skipped, stand_still};
use super::rounds;
use super::small_disk::SmallDisk;
use crate::kill::random::Random;
use crate::process::{Ended, Process};
use crate::work::Work;

const FAILED: &str = "the store failed; it is opened again";
const IS_BACK: &str = "the store is open again";
/// More than the store of a round takes.
const DISK_KIB: usize = 16 << 10;
/// No file but the store is larger: a limit is for that alone.
const LARGEST_OTHER: usize = 300_000;

#[test]
fn a_file_that_may_not_grow_costs_nothing_acknowledged_and_work_goes_on_when_it_may() {
    if !can_limit() {
        return;
    }
    campaign(&Scarce::Growth);
}

#[test]
fn a_full_disk_costs_nothing_acknowledged_and_work_goes_on_when_there_is_room() {
    match SmallDisk::mount(DISK_KIB) {
        Ok(disk) => campaign(&Scarce::Disk(disk)),
        Err(why) => skipped("the test of a full disk", &why),
    }
}

/// What there is too little of.
#[derive(Debug)]
enum Scarce {
    Growth,
    Disk(SmallDisk),
}

/// What becomes of the process whose store has no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    GoesOn,
    GoesOnAndIsKilled,
    IsKilled,
    /// It does not insist: what it cannot start is an error that it ends with.
    IsLeftToItself,
}

#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    had_room: usize,
    store_failed: usize,
    stood_still_without_a_change: usize,
    went_on: usize,
    killed: usize,
    ended_with_an_error: usize,
    runs_again: usize,
}

fn campaign(scarce: &Scarce) {
    let fates = [
        Fate::GoesOn,
        Fate::IsLeftToItself,
        Fate::IsKilled,
        Fate::GoesOnAndIsKilled,
    ];
    let mut random = Random::from_env();
    let mut tally = Tally::default();
    for (_, fate) in rounds(fates.len()).zip(fates.into_iter().cycle()) {
        tally.round(&mut random, scarce, fate);
    }
    println!("{tally:?}");
    assert!(tally.store_failed > 0, "there was room: {tally:?}");
    assert!(tally.went_on > 0, "none came back: {tally:?}");
}

impl Tally {
    fn round(&mut self, random: &mut Random, scarce: &Scarce, fate: Fate) {
        self.rounds += 1;
        let work = Work::with_long_names(random.between(30, 40), random.between(3_500, 4_500));
        let mut case = Case::new(scarce.place(work), random);
        // The first one is certain to get into trouble.
        let is_soon = self.rounds > 1 && random.one_in(3);
        let room = is_soon.then(|| scarce.little(random));
        let limit = scarce.before(room);
        let launcher: Vec<&str> = WITHOUT_SIGXFSZ.into_iter().chain([&*limit]).collect();
        let insists = (fate != Fate::IsLeftToItself).then_some("--insist");
        let args: Vec<&str> = ["--log", "info"].into_iter().chain(insists).collect();
        let mut process = case.start(random, &launcher, &args);
        case.known.interrupted(0);
        if room.is_none() {
            process.until_line(random.between(1, case.work.orders() / 2));
            scarce.take(&process, &case.work, random);
        }
        let ended = if process.until_it(|process| count(process, FAILED) > 0) {
            self.outage(random, &mut case, &mut process);
            self.then(random, scarce, fate, process)
        } else {
            process.end()
        };
        self.end(&mut case, &ended, fate);
        scarce.make_room();
        self.runs_again += case.finish(random);
        scarce.clear();
    }

    /// The store is away. Until it is back, nothing changes, and nothing is said that was not so
    /// before.
    fn outage(&mut self, random: &mut Random, case: &mut Case, process: &mut Process) {
        if !stand_still(process) {
            return;
        }
        let before = case.look(process.seen());
        let (away, failures) = (is_away(process), count(process, FAILED));
        process.signal("CONT");
        process.for_a_while(random.micros(20_000, 200_000));
        if !stand_still(process) {
            return;
        }
        let after = case.look(process.seen());
        if away && is_away(process) && count(process, FAILED) == failures {
            let (before, after) = (before.unwrap(), after.unwrap());
            assert_eq!(before.instances, after.instances);
            assert_eq!(before.completions, after.completions);
            self.stood_still_without_a_change += 1;
        }
        process.signal("CONT");
    }

    fn then(
        &mut self,
        random: &mut Random,
        scarce: &Scarce,
        fate: Fate,
        mut process: Process,
    ) -> Ended {
        match fate {
            Fate::IsKilled => process.kill(),
            Fate::IsLeftToItself => {
                // What is still to be started fails; if nothing is, it waits for ever.
                if process.for_a_while(Duration::from_secs(1)) {
                    return process.kill();
                }
                process.end()
            }
            Fate::GoesOn | Fate::GoesOnAndIsKilled => {
                scarce.give(&process);
                let is_alive = process.until_it(|process| !is_away(process));
                self.went_on += usize::from(is_alive);
                if fate == Fate::GoesOn {
                    return process.end();
                }
                process.for_a_while(random.micros(1_000, 300_000));
                process.kill()
            }
        }
    }

    fn end(&mut self, case: &mut Case, ended: &Ended, fate: Fate) {
        let failures = ended.stderr.matches(FAILED).count();
        case.known.interrupted(failures);
        case.look(&ended.lines);
        self.store_failed += failures;
        self.had_room += usize::from(failures == 0);
        if ended.signal() == Some(9) {
            self.killed += 1;
        } else if !ended.status.success() {
            self.ended_with_an_error += 1;
            let says_why = ended.stderr.contains("order_processing: ");
            assert!(ended.status.code() == Some(1) && says_why, "{ended:?}");
            assert_eq!(fate, Fate::IsLeftToItself, "{ended:?}");
        }
    }
}

impl Scarce {
    /// Where the store has to be.
    fn place(&self, work: Work) -> Work {
        match self {
            Self::Growth => work,
            Self::Disk(disk) => work.with_store(disk.path("orders.redb")),
        }
    }

    /// Enough for a file that is opened, and not for one that grows. A disk has no room for what
    /// was never written; a limit does not ask for that.
    fn little(&self, random: &mut Random) -> usize {
        match self {
            Self::Growth => random.between(1_100_000, 1_300_000),
            Self::Disk(_) => random.between(400_000, 800_000),
        }
    }

    /// Leaves so much room from the start on, or all of it. Gives the limit of files.
    fn before(&self, room: Option<usize>) -> String {
        match (self, room) {
            (Self::Growth, Some(room)) => (room / 512).to_string(),
            (Self::Disk(disk), Some(room)) => {
                disk.fill(room);
                "unlimited".to_owned()
            }
            (Self::Growth | Self::Disk(_), None) => "unlimited".to_owned(),
        }
    }

    /// From now on there is not enough. A file may be larger already than it may be.
    fn take(&self, process: &Process, work: &Work, random: &mut Random) {
        match self {
            Self::Growth => {
                let size = fs::metadata(work.store()).unwrap().len();
                let size = usize::try_from(size).unwrap();
                let most = random.between(LARGEST_OTHER, size.max(LARGEST_OTHER));
                limit(process, "fsize", &most.to_string());
            }
            Self::Disk(disk) => disk.fill(random.between(0, 100_000)),
        }
    }

    fn give(&self, process: &Process) {
        match self {
            Self::Growth => {
                limit(process, "fsize", "unlimited");
            }
            Self::Disk(disk) => disk.make_room(),
        }
    }

    fn make_room(&self) {
        match self {
            Self::Growth => {}
            Self::Disk(disk) => disk.make_room(),
        }
    }

    fn clear(&self) {
        match self {
            Self::Growth => {}
            Self::Disk(disk) => fs::remove_file(disk.path("orders.redb")).unwrap(),
        }
    }
}

fn count(process: &Process, words: &str) -> usize {
    process.stderr().matches(words).count()
}

fn is_away(process: &Process) -> bool {
    count(process, FAILED) > count(process, IS_BACK)
}
