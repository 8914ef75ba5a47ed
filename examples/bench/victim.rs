//! A process that fills a store and is killed: no destructor, no flush, no last word.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use duroxide::RuntimeOptions;

use crate::setup::{File, Running};
use crate::workloads::Case;
use crate::{Outcome, system};

/// Lets another process of this program fill the file as the workload needs it, and kills that.
pub(crate) fn fill_and_kill(case: &Case, file: &Path) -> Outcome<()> {
    let child = Command::new(std::env::current_exe()?)
        .args(case.to_args())
        .arg("--victim")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut victim = Victim(child);
    let stdout = victim.0.stdout.take().ok_or("a victim without output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    if line.trim_end() != READY {
        return Err(format!(
            "the process that was to be killed ended: {}",
            victim.0.wait()?
        )
        .into());
    }
    Ok(())
}

/// A store that is open again, and at work.
pub(crate) struct Reopened {
    pub(crate) running: Running,
    /// When the opening began.
    pub(crate) begun: Instant,
    /// How long it took.
    pub(crate) opened: Duration,
}

/// Opens what was left behind, and starts a runtime on it.
pub(crate) async fn reopen(case: &Case, file: File) -> Outcome<Reopened> {
    let begun = system::now();
    let store = case.setup.open(file.path())?;
    let opened = begun.elapsed();
    let options = RuntimeOptions::default();
    let running = case.setup.start_on(store, options).await?.with_file(file);
    Ok(Reopened {
        running,
        begun,
        opened,
    })
}

const READY: &str = "ready";

/// Killed when dropped, however that comes about.
struct Victim(Child);

impl Drop for Victim {
    fn drop(&mut self) {
        // Both fail if it has ended, which is as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// To be called by a victim at its beginning: it does not outlive who started it.
pub(crate) fn end_with_parent() {
    std::thread::spawn(|| {
        let mut nothing = [0];
        // Nothing is ever written there: this comes back when the other end is closed.
        let _ = std::io::stdin().read(&mut nothing);
        std::process::exit(1);
    });
}

/// To be called by a victim at its end: says that it may be killed, and waits for that.
#[expect(clippy::print_stdout, reason = "the parent listens")]
pub(crate) async fn wait_to_be_killed() -> Infallible {
    println!("{READY}");
    std::future::pending().await
}
