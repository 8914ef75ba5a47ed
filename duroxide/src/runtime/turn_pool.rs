//! Plain threads for orchestration code: outside of any Tokio context, so that code which reaches
//! for timers, sockets or tasks fails at once instead of working until the first replay.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

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
        let mut started = Vec::new();
        for number in 0..threads.max(1) {
            let work = Arc::clone(&queue);
            let name = format!("duroxide-turn-{number}");
            match std::thread::Builder::new()
                .name(name)
                .spawn(move || work.work())
            {
                Ok(thread) => started.push(thread),
                Err(error) => tracing::error!(
                    target: "duroxide::runtime",
                    %error, started = started.len(), wanted = threads,
                    "no more threads for orchestrations"
                ),
            }
        }
        if started.is_empty() {
            queue.close();
        }
        Self {
            queue,
            threads: Mutex::new(started),
        }
    }

    /// Runs `job` on one of the threads. `None` if it panicked, or the pool was closed before.
    pub(super) async fn run<R: Send + 'static>(
        &self,
        job: impl FnOnce() -> R + Send + 'static,
    ) -> Option<R> {
        let (give, take) = oneshot::channel();
        let queued = self.queue.push(Box::new(move || {
            // Whoever asked may be gone.
            let _ = give.send(job());
        }));
        if !queued {
            return None;
        }
        take.await.ok()
    }

    /// Lets the threads end after what is queued; gives their handles.
    pub(super) fn close(&self) -> Vec<JoinHandle<()>> {
        self.queue.close();
        std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for TurnPool {
    fn drop(&mut self) {
        self.queue.close();
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
        while let Some(job) = self.next() {
            // The engine catches the panics of user code; what gets here is reported by the hook
            // and must not cost the thread.
            let _ = catch_unwind(AssertUnwindSafe(job));
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
