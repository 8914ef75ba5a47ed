//! Plain threads for orchestration code: outside of any Tokio context, so that code which reaches
//! for timers, sockets or tasks fails at once instead of working until the first replay.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use crate::env::Env;
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Why a job gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// The pool was closed before, or the job panicked.
    Closed,
    /// The job holds its thread for longer than it may. Nothing stops it: the thread is written
    /// off and replaced.
    Stuck,
}

struct Job {
    run: Box<dyn FnOnce() + Send>,
    progress: Arc<Progress>,
}

/// What whoever waits for a job and the thread that runs it know of each other.
#[derive(Debug, Default)]
struct Progress(Mutex<Stage>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Queued,
    Running,
    Over,
    /// The thread has a successor: it ends when the job should ever come back.
    WrittenOff,
}

/// The threads. Dropping the pool lets them finish what is queued and end.
pub(super) struct TurnPool {
    queue: Arc<Queue>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl TurnPool {
    /// Starts the threads, as many of them as the operating system gives.
    pub(super) fn start(threads: usize) -> Self {
        let queue = Arc::new(Queue {
            state: Mutex::new(State::default()),
            wake: Condvar::new(),
        });
        let pool = Self {
            queue,
            threads: Mutex::new(Vec::new()),
        };
        for _ in 0..threads.max(1) {
            pool.add_thread();
        }
        if pool.threads().is_empty() {
            pool.queue.close();
        }
        pool
    }

    fn add_thread(&self) {
        let queue = Arc::clone(&self.queue);
        let name = "duroxide-turn".to_owned();
        match thread::Builder::new()
            .name(name)
            .spawn(move || queue.work())
        {
            Ok(thread) => self.threads().push(thread),
            Err(error) => tracing::error!(
                target: "duroxide::runtime",
                %error,
                "no more threads for orchestrations"
            ),
        }
    }

    pub(super) fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `job` on one of the threads, for at most `limit`, or a little longer. In a simulated
    /// world it is waited for in place: no virtual time passes, and the limit is one of real time.
    ///
    /// # Errors
    ///
    /// [`Lost`]: there is no result, and there will be none.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        env: &dyn Env,
        limit: Duration,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Lost> {
        if env.is_simulated() {
            return self.run_in_place(limit, job);
        }
        let (give, mut take) = oneshot::channel();
        let progress = Arc::new(Progress::default());
        let queued = self.queue.push(Job {
            run: Box::new(move || {
                // Whoever asked may be gone.
                let _ = give.send(job());
            }),
            progress: Arc::clone(&progress),
        });
        if !queued {
            return Err(Lost::Closed);
        }
        let mut was_started = false;
        loop {
            match select(&mut take, env.sleep(limit)).await {
                Either::Left((result, _)) => return result.map_err(|_| Lost::Closed),
                // It had the whole of the limit to itself: waiting in the queue does not count.
                Either::Right(_) if was_started => break,
                Either::Right(_) => was_started = progress.is_started(),
            }
        }
        if self.write_off(&progress) {
            return Err(Lost::Stuck);
        }
        take.await.map_err(|_| Lost::Closed)
    }

    fn run_in_place<R: Send + 'static>(
        &self,
        limit: Duration,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Result<R, Lost> {
        let (give, take) = mpsc::channel();
        let progress = Arc::new(Progress::default());
        let queued = self.queue.push(Job {
            run: Box::new(move || {
                // Whoever asked may have lost patience.
                let _ = give.send(job());
            }),
            progress: Arc::clone(&progress),
        });
        if !queued {
            return Err(Lost::Closed);
        }
        match take.recv_timeout(limit) {
            Ok(result) => Ok(result),
            Err(RecvTimeoutError::Disconnected) => Err(Lost::Closed),
            // There is one job at a time here, so it had the whole of the limit to itself.
            Err(RecvTimeoutError::Timeout) if self.write_off(&progress) => Err(Lost::Stuck),
            Err(RecvTimeoutError::Timeout) => take.recv().map_err(|_| Lost::Closed),
        }
    }

    /// Replaces the thread of that job; not if the job has just come to its end.
    fn write_off(&self, progress: &Progress) -> bool {
        let is_stuck = progress.write_off();
        if is_stuck {
            self.add_thread();
        }
        is_stuck
    }

    /// Lets the threads end after what is queued; gives their handles.
    pub(super) fn close(&self) -> Vec<JoinHandle<()>> {
        self.queue.close();
        std::mem::take(&mut *self.threads())
    }
}

impl Drop for TurnPool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Progress {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_started(&self) -> bool {
        *self.stage() != Stage::Queued
    }

    /// The job runs, unless it was given up before.
    fn begin(&self) {
        let mut stage = self.stage();
        if *stage == Stage::Queued {
            *stage = Stage::Running;
        }
    }

    /// The job is over; whether its thread is still wanted.
    fn end(&self) -> bool {
        let before = std::mem::replace(&mut *self.stage(), Stage::Over);
        before != Stage::WrittenOff
    }

    /// Gives the job up; `false` if it is over.
    fn write_off(&self) -> bool {
        let mut stage = self.stage();
        if *stage == Stage::Over {
            return false;
        }
        *stage = Stage::WrittenOff;
        true
    }
}

impl Queue {
    fn push(&self, job: Job) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return false;
        }
        state.jobs.push_back(job);
        drop(state);
        self.wake.notify_one();
        true
    }

    fn close(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
        self.wake.notify_all();
    }

    fn work(&self) {
        while let Some(Job { run, progress }) = self.next() {
            progress.begin();
            // The engine catches the panics of user code; what gets here is reported by the hook
            // and must not cost the thread.
            let _ = catch_unwind(AssertUnwindSafe(run));
            if !progress.end() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for TurnPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnPool")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever finds that its time is over may find, a moment later, that the job is over too.
    #[test]
    fn a_job_that_is_over_is_not_written_off() {
        let progress = Progress::default();
        progress.begin();
        assert!(progress.end(), "its thread takes the next one");
        assert!(!progress.write_off(), "so it has no successor");
    }

    #[test]
    fn the_thread_of_a_job_that_was_written_off_is_not_wanted_any_more() {
        let progress = Progress::default();
        progress.begin();
        assert!(progress.write_off());
        assert!(!progress.end());
    }
}
