//! Orders are processed while the process is killed with SIGKILL again and again. After every kill
//! the store is compared with all that was ever said about it.
//!
//! `DUROXIDE_LONG=1` kills 10,000 times, or for 50 minutes or `DUROXIDE_MINUTES`; `DUROXIDE_SEED`
//! sets the seed. What a kill cannot show: the page cache survives it, so that a missing fsync goes
//! unnoticed.

mod known;
#[cfg(target_os = "linux")]
mod limits;
mod random;
mod snapshot;

use std::fmt;
use std::time::{Duration, Instant};

use self::known::Known;
use self::random::Random;
use self::snapshot::Snapshot;
use crate::process::Process;
use crate::work::Work;

/// The runtime delivers ten times, kills included: after nine the process is let off.
const LAST_DELIVERY: u32 = 10;

#[test]
fn whatever_was_said_before_a_kill_is_true_after_it_and_no_acknowledged_work_is_done_again() {
    let (kills, most) = if is_long() {
        (10_000, minutes(50))
    } else {
        (200, Duration::from_secs(60))
    };
    let mut chaos = Chaos {
        random: Random::from_env(),
        tally: Tally::default(),
    };
    let watch = Watch::start();
    while chaos.tally.kills < kills && watch.elapsed() < most {
        chaos.round(kills);
    }
    println!("{} in {:.1?}", chaos.tally, watch.elapsed());
    assert!(chaos.tally.lives_with_work > 0, "no kill hit anything");
}

fn is_long() -> bool {
    std::env::var_os("DUROXIDE_LONG").is_some()
}

/// How long a long form may take: `DUROXIDE_MINUTES`, or so many.
fn minutes(usual: u64) -> Duration {
    let asked = std::env::var("DUROXIDE_MINUTES").map(|minutes| minutes.parse());
    let minutes = asked.map_or(usual, |minutes| {
        minutes.expect("DUROXIDE_MINUTES is a number")
    });
    Duration::from_secs(60 * minutes)
}

#[derive(Debug)]
struct Chaos {
    random: Random,
    tally: Tally,
}

/// What the kills hit, to be read by people.
#[derive(Debug, Default)]
struct Tally {
    rounds: usize,
    kills: usize,
    lives: usize,
    killed_before_the_first_word: usize,
    lives_with_work: usize,
    runs: usize,
    runs_again: usize,
    acknowledged_in_the_inbox: usize,
    let_off: usize,
    most_deliveries: u32,
}

impl Chaos {
    /// One work folder, from the first order until all are done.
    fn round(&mut self, most_kills: usize) {
        let work = Work::new(self.random.between(60, 100));
        let replays = self.random.one_in(3);
        let hurried = self.random.one_in(2);
        let mut known = Known::default();
        self.tally.rounds += 1;
        let mut last: Option<Snapshot> = None;
        loop {
            let tired = last.as_ref().map_or(0, |last| last.deliveries) >= LAST_DELIVERY;
            self.tally.let_off += usize::from(tired);
            // A file that was written in one way is opened in the other.
            let journal = self.random.one_in(2).then_some("--journal");
            let replays = replays.then_some("--replay-always");
            let args: Vec<&str> = journal.into_iter().chain(replays).collect();
            let process = work.start(&args);
            self.tally.lives += 1;
            let lines = if tired || self.tally.kills >= most_kills {
                Err(process.end().well())
            } else {
                self.kill(process, work.orders(), hurried)
            };
            let runs = work.runs();
            known.life(lines.as_deref().unwrap_or_else(|lines| lines), &runs);
            if lines.is_err() {
                // It came to its end.
                break;
            }
            if !work.store().exists() {
                known.check_nothing_was_accepted();
                continue;
            }
            let snapshot = Snapshot::take(&work);
            known.check(&snapshot);
            self.tally.acknowledged_in_the_inbox += snapshot.completions.len();
            self.tally.most_deliveries = self.tally.most_deliveries.max(snapshot.deliveries);
            last = Some(snapshot);
        }
        known.check_end(&work);
        work.check_all_done();
        self.tally.runs += known.runs();
        self.tally.runs_again += known.runs() - 4 * work.orders();
        self.tally.lives_with_work += known.lives_with_work();
    }

    /// Kills the process after a while, or behind one of its lines; long before it is done if it is
    /// to be hurried. Gives what it said: `Ok` if it was killed, `Err` if it was faster.
    fn kill(
        &mut self,
        mut process: Process,
        orders: usize,
        hurried: bool,
    ) -> Result<Vec<String>, Vec<String>> {
        // While it opens the store, while it starts orders, while it works.
        let pauses = [(500, 8_000), (5_000, 50_000), (50_000, 500_000)];
        let (lines, pauses) = if hurried {
            (orders, &pauses[..2])
        } else {
            (2 * orders, &pauses[..])
        };
        if self.random.one_in(2) {
            let (least, most) = pauses[self.random.between(1, pauses.len()) - 1];
            process.for_a_while(self.random.micros(least, most));
        } else if process.until_line(self.random.between(1, lines)) && self.random.one_in(2) {
            process.for_a_while(self.random.micros(100, 20_000));
        }
        let ended = process.kill();
        if ended.signal() != Some(9) {
            return Err(ended.well());
        }
        self.tally.kills += 1;
        if ended.lines.is_empty() {
            self.tally.killed_before_the_first_word += 1;
        }
        assert_eq!(ended.stderr, "");
        Ok(ended.lines)
    }
}

impl Drop for Chaos {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.tally);
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

struct Watch(Instant);

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "how long a test takes")]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
