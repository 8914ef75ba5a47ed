//! Processes that get no more memory: the first allocation that fails ends them, at whatever they
//! were doing.

use super::case::Case;
use super::outside::{WITHOUT_RESERVES, address_space, can_limit, limit};
use super::rounds;
use crate::kill::random::Random;
use crate::process::Ended;
use crate::work::Work;

/// Less than the deliveries that make poison.
const LIVES: usize = 4;
const ABORTED: i32 = 6;
const NO_STACK: i32 = 11;

#[derive(Debug, Default)]
struct Tally {
    aborted: usize,
    gave_up: usize,
    had_enough: usize,
    runs_again: usize,
}

#[test]
fn a_process_without_memory_ends_and_the_next_finds_whatever_was_acknowledged() {
    if !can_limit() {
        return;
    }
    let mut random = Random::from_env();
    let mut tally = Tally::default();
    for _ in rounds(2) {
        tally.round(&mut random);
    }
    println!("{tally:?}");
    assert!(tally.aborted > 0, "all had enough: {tally:?}");
}

impl Tally {
    fn round(&mut self, random: &mut Random) {
        let orders = random.between(25, 40);
        let work = Work::with_long_names(orders, random.between(1_000, 4_500));
        let mut case = Case::new(work, random);
        for _ in 0..LIVES {
            let mut process = case.start(random, &WITHOUT_RESERVES, &[]);
            // Not before its threads are there: Tokio stands still for ever if one of its first
            // cannot be started.
            process.until_line(random.between(1, orders));
            if random.one_in(3) {
                process.for_a_while(random.micros(1_000, 100_000));
            }
            if let Some(now) = address_space(&process) {
                let most = now + random.between(0, 512 << 10) as u64;
                limit(&process, "as", &most.to_string());
            }
            let ended = process.end();
            self.count(&ended);
            case.look(&ended.lines);
            if ended.status.success() {
                break;
            }
        }
        self.runs_again += case.finish(random);
    }

    /// Nothing but want of memory ended it, if it did not come to its end.
    fn count(&mut self, ended: &Ended) {
        let words = ["memory", "failed to initiate panic", "os error 11"];
        let says_why = words.iter().any(|words| ended.stderr.contains(words));
        match (ended.signal(), ended.status.code()) {
            (Some(ABORTED), _) if says_why => self.aborted += 1,
            // Where a stack cannot grow there is no allocation that could fail.
            (Some(NO_STACK), _) => self.aborted += 1,
            (None, Some(0)) => self.had_enough += 1,
            (None, Some(_)) if says_why => self.gave_up += 1,
            _ => panic!("{ended:?}"),
        }
    }
}
