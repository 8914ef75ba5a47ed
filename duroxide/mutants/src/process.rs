//! Programs with tests: run within a limit of time.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{About as _, Error};

/// How a program ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Well(String),
    /// With what it had said.
    Badly(String),
    /// It was ended when the limit was reached.
    Not,
}

/// Runs a program, and ends it after a while.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Ended, Error> {
    let name = command.get_program().display().to_string();
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().about(&name)?;
    let out = child.stdout.take();
    let (said, says) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut out) = out {
            let _ = out.read_to_end(&mut bytes);
        }
        let _ = said.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    // Its output ends when it does.
    let Ok(text) = says.recv_timeout(limit) else {
        child.kill().about(&name)?;
        child.wait().about(&name)?;
        return Ok(Ended::Not);
    };
    let status = child.wait().about(&name)?;
    Ok(if status.success() {
        Ended::Well(text)
    } else {
        Ended::Badly(text)
    })
}

/// What something returns, and how many seconds it took.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> (T, f64) {
    #[expect(clippy::disallowed_methods, reason = "the time of another process")]
    let start = Instant::now();
    let value = what();
    (value, start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Ended {
        run(Command::new("sh").args(["-c", script]), limit).unwrap()
    }

    #[test]
    fn a_program_ends_well_or_badly_or_not() {
        let minute = Duration::from_secs(60);
        assert_eq!(shell("echo a", minute), Ended::Well("a\n".to_owned()));
        assert_eq!(
            shell("echo b; exit 3", minute),
            Ended::Badly("b\n".to_owned())
        );
        assert_eq!(
            shell("exec sleep 600", Duration::from_millis(1)),
            Ended::Not
        );
        assert!(run(&mut Command::new("/nowhere/at/all"), minute).is_err());
    }
}
