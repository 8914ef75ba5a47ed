//! Processes that stand still for longer than their leases: the clock goes on without them, and
//! what they hold may be given to others when they come back. Some do not come back.

use std::time::Duration;

use super::case::Case;
use super::outside::stand_still;
use super::rounds;
use crate::kill::random::Random;
use crate::process::{Ended, Process};
use crate::work::Work;

/// A busy machine lets a renewal wait for longer now and then, but not ten times for the same work.
const LEASE_MS: usize = 300;
/// Less than the deliveries that make poison.
const STOPS: usize = 5;

#[derive(Debug, Default)]
struct Tally {
    stops: usize,
    killed: usize,
    went_on: usize,
    runs_again: usize,
}

#[test]
fn a_process_that_stood_still_for_longer_than_its_leases_loses_nothing_and_repeats_nothing() {
    let mut random = Random::from_env();
    let mut tally = Tally::default();
    // They go on in the first, and some are killed in the others.
    for round in rounds(2) {
        let work = Work::new(random.between(40, 80));
        let mut case = Case::new(work, &mut random);
        case.known.leases_are_short();
        tally.round(&mut random, case, round > 0);
    }
    println!("{tally:?}");
    assert!(tally.went_on > 0, "none stood still: {tally:?}");
}

impl Tally {
    fn round(&mut self, random: &mut Random, mut case: Case, may_kill: bool) {
        let lease = LEASE_MS.to_string();
        let mut stops = STOPS;
        loop {
            let process = case.start(random, &[], &["--lease", &lease]);
            let ended = self.life(random, &mut case, process, &mut stops, may_kill);
            if ended.signal() != Some(9) {
                case.look(&ended.well());
                break;
            }
            self.killed += 1;
            assert_eq!(ended.stderr, "");
            case.look(&ended.lines);
        }
        self.runs_again += case.finish(random);
    }

    fn life(
        &mut self,
        random: &mut Random,
        case: &mut Case,
        mut process: Process,
        stops: &mut usize,
        may_kill: bool,
    ) -> Ended {
        let mut has_stood = false;
        while *stops > 0 {
            if random.one_in(2) {
                process.for_a_while(random.micros(1_000, 100_000));
            } else {
                let more = random.between(1, case.work.orders());
                process.until_line(process.seen().len() + more);
            }
            if !stand_still(&mut process) {
                break;
            }
            *stops -= 1;
            self.stops += 1;
            has_stood = true;
            case.look(process.seen());
            if may_kill && random.one_in(3) {
                return process.kill();
            }
            let still = random.between(LEASE_MS + LEASE_MS / 10, LEASE_MS + LEASE_MS / 2);
            process.for_a_while(Duration::from_millis(still as u64));
            process.signal("CONT");
        }
        self.went_on += usize::from(has_stood);
        process.end()
    }
}
