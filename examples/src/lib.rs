//! What the examples share, so that each of them shows one thing: a work folder with a store in it,
//! lines for the person at the terminal, and an orderly end at Ctrl-C.

mod files;
mod folder;

use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::sync::Arc;

use duroxide::prelude::*;

pub use files::files_below;
pub use folder::Folder;

/// What `main` of an example gives.
pub type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// Does the work until it is done or somebody presses Ctrl-C; then shuts the runtime down. What was
/// not done by then is done by the next start.
///
/// # Errors
///
/// Those of the work.
pub async fn run(runtime: Arc<Runtime>, work: impl AsyncFnOnce(Client) -> Result) -> Result {
    let done = tokio::select! {
        done = work(runtime.client()) => done,
        pressed = tokio::signal::ctrl_c() => {
            say!("stopped: the next start goes on from here");
            pressed.map_err(Into::into)
        }
    };
    runtime.shutdown(None).await;
    done
}

/// An error in one line, with what caused it.
pub fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |words, cause| {
        let cause = cause.to_string();
        // Some errors say what caused them themselves.
        if words.ends_with(&cause) {
            words
        } else {
            format!("{words}: {cause}")
        }
    })
}

/// Prints a line for the person at the terminal; takes what `format!` takes.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::say(::std::format_args!($($text)*)) };
}

/// What [`say!`] does.
#[doc(hidden)]
pub fn say(line: fmt::Arguments<'_>) {
    // A reader who has gone away is no reason to stop the work.
    let _ = writeln!(io::stdout().lock(), "{line}");
}
