//! Which mutant is on. This file is put beside the sources that have mutants, as a module of their crate.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// There is no mutant with a higher number.
const MOST: usize = 1 << 16;

static SEEN: [AtomicBool; MOST] = [const { AtomicBool::new(false) }; MOST];

struct Which {
    number: usize,
    log: Option<File>,
}

/// Whether the code is to behave as mutant `n` does. `DUROXIDE_MUTANT` says which one does, in a whole
/// process. With `DUROXIDE_MUTANTS_SEEN` each mutant that is asked for is noted once, in that file.
pub(crate) fn on(n: usize) -> bool {
    static WHICH: OnceLock<Which> = OnceLock::new();
    let which = WHICH.get_or_init(which);
    if let Some(mut log) = which.log.as_ref()
        && SEEN
            .get(n)
            .is_some_and(|seen| !seen.swap(true, Ordering::Relaxed))
    {
        let _ = log.write_all(format!("{n}\n").as_bytes());
    }
    which.number == n
}

fn which() -> Which {
    let number = std::env::var("DUROXIDE_MUTANT").ok();
    let log = std::env::var_os("DUROXIDE_MUTANTS_SEEN");
    Which {
        number: number.and_then(|n| n.parse().ok()).unwrap_or(0),
        log: log.and_then(|path| OpenOptions::new().append(true).create(true).open(path).ok()),
    }
}
