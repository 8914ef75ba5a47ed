//! Examples as processes.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What a test waits for at most before it calls a process stuck.
const STUCK: Duration = Duration::from_secs(120);

/// The program of an example. `cargo test -p examples` builds them all before it runs the tests;
/// with a target of its own, as in `--test it`, it needs `--examples` too.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let program = profile.join("examples").join(name);
    assert!(
        program.exists(),
        "{} is missing: run `cargo build -p examples --example {name}` first",
        program.display()
    );
    program
}

/// A process whose lines are read while it runs. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    stderr: PathBuf,
}

/// A process that is no more.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) lines: Vec<String>,
    pub(crate) stderr: String,
}

impl Process {
    /// Starts an example in a folder.
    pub(crate) fn start(example: &str, folder: &Path, args: &[&str]) -> Self {
        Self::start_under(&[], example, folder, args)
    }

    /// The same by a program that becomes the example: it gets the rest of the line as arguments.
    pub(crate) fn start_under(
        launcher: &[&str],
        example: &str,
        folder: &Path,
        args: &[&str],
    ) -> Self {
        let stderr = folder.join("stderr.txt");
        let program = program(example).into_os_string();
        let mut words = launcher.iter().map(OsString::from).chain([program]);
        let mut child = Command::new(words.next().unwrap())
            .args(words)
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for_each_whole_line(stdout, |line| {
                // Nobody listens any more if the test has failed.
                let _ = sender.send(line);
            });
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
            stderr,
        }
    }

    /// Waits until that many lines were seen; `false` if there are fewer.
    pub(crate) fn until_line(&mut self, count: usize) -> bool {
        while self.seen.len() < count {
            match self.lines.recv_timeout(STUCK) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => panic!("stuck: {:?}", self.seen.last()),
            }
        }
        true
    }

    /// Waits for a line like that, and gives it.
    pub(crate) fn until(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let before = self.seen.len();
            assert!(self.until_line(before + 1), "never said: {:#?}", self.seen);
            if is_it(&self.seen[before]) {
                return self.seen[before].clone();
            }
        }
    }

    /// Types a line for the process.
    pub(crate) fn type_in(&mut self, line: &str) {
        let mut stdin = self.child.stdin.as_ref().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Runs an example until it says a line like that, and kills it there.
    pub(crate) fn killed(
        example: &str,
        folder: &Path,
        args: &[&str],
        is_it: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let mut process = Self::start(example, folder, args);
        process.until(is_it);
        let ended = process.kill();
        assert_eq!(
            ended.signal(),
            Some(9),
            "not killed in the middle: {ended:?}"
        );
        ended.lines
    }

    /// The line with that number, from 1, which was waited for.
    pub(crate) fn line(&self, number: usize) -> &str {
        &self.seen[number - 1]
    }

    /// Lets the process run for that long; `false` if it ends before.
    #[expect(clippy::disallowed_methods, reason = "the time of another process")]
    pub(crate) fn for_a_while(&mut self, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }

    /// Lets the process run until it is so; `false` if it ends before.
    #[expect(clippy::disallowed_methods, reason = "the time of another process")]
    pub(crate) fn until_it(&mut self, is_so: impl Fn(&Self) -> bool) -> bool {
        let begun = Instant::now();
        while !is_so(self) {
            if !self.for_a_while(Duration::from_millis(1)) {
                return is_so(self);
            }
            assert!(begun.elapsed() < STUCK, "stuck: {:?}", self.seen.last());
        }
        true
    }

    /// What it has said so far, as far as it was waited for.
    pub(crate) fn seen(&self) -> &[String] {
        &self.seen
    }

    /// What it has complained about so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Presses Ctrl-C.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Sends a signal. To one that has ended already this does nothing.
    pub(crate) fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &command]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends SIGKILL: no destructor, no flush, no last word.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits for the end of the process.
    pub(crate) fn end(mut self) -> Ended {
        self.until_line(usize::MAX);
        Ended {
            status: self.child.wait().unwrap(),
            lines: std::mem::take(&mut self.seen),
            stderr: fs::read_to_string(&self.stderr).unwrap(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Panics with what the process said if it did not succeed.
    pub(crate) fn well(self) -> Vec<String> {
        assert!(self.status.success(), "{}: {}", self.status, self.stderr);
        self.lines
    }

    /// Whether it was a signal that ended the process, and which.
    pub(crate) fn signal(&self) -> Option<i32> {
        std::os::unix::process::ExitStatusExt::signal(&self.status)
    }
}

/// A line that the end of the process cut off was not said.
fn for_each_whole_line(from: impl Read, mut take: impl FnMut(String)) {
    let mut from = BufReader::new(from);
    let mut line = String::new();
    while from.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        if let Some(whole) = line.strip_suffix('\n') {
            take(whole.to_owned());
        }
        line.clear();
    }
}
