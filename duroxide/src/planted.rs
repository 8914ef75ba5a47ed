//! Bugs on purpose, in builds with `--cfg duroxide_planted` only: the suites have to find them. They
//! are made at marked points of the code; `docs/testing.md` has the list. Must not know: all else.

/// Whether that bug is selected; `false` in every ordinary build.
#[cfg(duroxide_planted)]
macro_rules! planted {
    ($name:literal) => {
        crate::planted::is($name)
    };
}

/// Whether that bug is selected; `false` in every ordinary build.
#[cfg(not(duroxide_planted))]
macro_rules! planted {
    ($name:literal) => {
        false
    };
}

#[cfg(duroxide_planted)]
mod selected {
    use std::sync::{Mutex, PoisonError};

    static SELECTED: Mutex<Option<&str>> = Mutex::new(None);

    /// Lets the whole process have that bug, or none.
    pub fn select(name: Option<&'static str>) {
        *SELECTED.lock().unwrap_or_else(PoisonError::into_inner) = name;
    }

    /// Whether the process has it.
    pub fn is(name: &str) -> bool {
        *SELECTED.lock().unwrap_or_else(PoisonError::into_inner) == Some(name)
    }
}

#[cfg(duroxide_planted)]
pub use selected::{is, select};
