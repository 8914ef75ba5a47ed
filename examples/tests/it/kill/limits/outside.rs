//! What can be done to a process from outside, and what can be seen of it. By the tools of the
//! system, which do with limits and signals what would be unsafe code here.

use std::fs;
use std::io::{self, Write as _};
use std::process::Command;

use crate::process::Process;

/// Starts a program in which writing beyond the limit of a file is an error, not a signal. The
/// limit in blocks of 512 bytes, or `unlimited`, is the next word.
pub(super) const WITHOUT_SIGXFSZ: [&str; 3] =
    ["sh", "-c", "trap '' XFSZ; ulimit -S -f \"$0\"; exec \"$@\""];

/// Starts a program whose heap grows by as much as is asked for: it does not reserve more. Nor
/// does it need some for a trace of where there was none left.
pub(super) const WITHOUT_RESERVES: [&str; 3] = ["env", "MALLOC_ARENA_MAX=1", "RUST_BACKTRACE=0"];

/// Lets the process stand still; `false` if it has come to its end.
pub(super) fn stand_still(process: &mut Process) -> bool {
    process.signal("STOP");
    process.until_it(|process| stands_still(process.id()))
}

/// Each of its threads: the last ones may be at work while the first is held already.
fn stands_still(id: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{id}/task")) else {
        return false;
    };
    threads.into_iter().all(|thread| {
        let stat = thread.and_then(|thread| fs::read_to_string(thread.path().join("stat")));
        // Behind the name, which may have anything in it.
        stat.is_ok_and(|stat| {
            let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
            state.is_some_and(|rest| rest.starts_with('T'))
        })
    })
}

/// Limits what it may do from now on; `false` if it is no more.
pub(super) fn limit(process: &Process, resource: &str, most: &str) -> bool {
    let id = process.id().to_string();
    // Behind the colon stands the limit of the limit, which stays.
    let limit = format!("--{resource}={most}:");
    let told = Command::new("prlimit")
        .args(["--pid", &id, &limit])
        .output();
    told.unwrap().status.success()
}

/// How much room its memory takes, in bytes; `None` if it is no more.
pub(super) fn address_space(process: &Process) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let size = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))?;
    let kib: u64 = size.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// Whether the limits of a process can be changed; says so if not.
pub(super) fn can_limit() -> bool {
    let found = Command::new("prlimit").arg("--version").output().is_ok();
    if !found {
        skipped("a limit that is set and lifted", "there is no `prlimit`");
    }
    found
}

/// Past the test harness, which shows no words of tests that pass.
pub(super) fn skipped(what: &str, why: &str) {
    let words = format!("SKIPPED: {what}, because {why}\n");
    io::stderr().write_all(words.as_bytes()).unwrap();
}
