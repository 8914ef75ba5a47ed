//! Who drives the writer: a thread of its own, or in a simulated world a task of that, so that a
//! seed says when a group is written. Both wait at the same bell.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::storage::redb::open::OpenError;
use crate::storage::redb::shared::{Core, Shared};
use crate::storage::redb::writer::{Next, Until, Writer};
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// Tells the writer that there may be something to do.
#[derive(Debug)]
pub(crate) struct Bell {
    thread: Condvar,
    task: Notify,
}

impl Bell {
    pub(crate) fn new() -> Self {
        Self {
            thread: Condvar::new(),
            task: Notify::new(),
        }
    }

    /// To be rung under the mutex, or behind a change that was made under it.
    pub(crate) fn ring(&self) {
        self.thread.notify_one();
        self.task.notify_one();
    }
}

/// Whoever drives the writer of a store.
#[derive(Debug)]
pub(crate) enum Driver {
    Thread(JoinHandle<()>),
    Task(Arc<Mutex<Writer>>),
}

impl Driver {
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self, OpenError> {
        let its = Arc::clone(shared);
        if shared.options.env.is_simulated() {
            let writer: Arc<Mutex<Writer>> = Arc::default();
            let task = as_task(its, Arc::clone(&writer));
            shared.options.env.spawn(Box::pin(task));
            return Ok(Self::Task(writer));
        }
        let thread = thread::Builder::new()
            .name("duroxide-writer".to_owned())
            .spawn(move || as_thread(&its))?;
        Ok(Self::Thread(thread))
    }

    /// Returns when the file is closed. The store must be closing.
    pub(crate) fn finish(self, shared: &Shared) {
        match self {
            // It has nothing to say; if it panicked the hook has said it.
            Self::Thread(thread) => drop(thread.join()),
            // Its world may be gone, and has no time to wait in any case.
            Self::Task(writer) => while let Step::Done = step(shared, &writer, false) {},
        }
    }
}

fn as_thread(shared: &Shared) {
    let mut writer = Writer::default();
    let mut late = false;
    let mut core = shared.lock();
    loop {
        match writer.next(shared, &mut core, late) {
            Next::Do(task) => {
                drop(core);
                writer.perform(shared, task);
                late = false;
                core = shared.lock();
            }
            Next::Wait(until, limit) => (core, late) = wait(shared, core, until, limit),
            Next::Over => return,
        }
    }
}

/// Whether the time was over before it was so.
fn wait<'a>(
    shared: &'a Shared,
    mut core: MutexGuard<'a, Core>,
    until: Until,
    limit: Option<Duration>,
) -> (MutexGuard<'a, Core>, bool) {
    let bell = &shared.bell.thread;
    let is_early = |core: &mut Core| !until.is_reached(core, shared.options.max_group);
    if let Some(limit) = limit {
        let waited = bell.wait_timeout_while(core, limit, is_early);
        let (core, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        return (core, waited.timed_out());
    }
    while is_early(&mut core) {
        core = bell.wait(core).unwrap_or_else(PoisonError::into_inner);
    }
    (core, false)
}

/// What a step of the writer came to.
enum Step {
    Done,
    Wait(Until, Option<Duration>),
    Over,
}

fn step(shared: &Shared, writer: &Mutex<Writer>, late: bool) -> Step {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    let next = writer.next(shared, &mut shared.lock(), late);
    match next {
        Next::Do(task) => {
            writer.perform(shared, task);
            Step::Done
        }
        Next::Wait(until, limit) => Step::Wait(until, limit),
        Next::Over => Step::Over,
    }
}

async fn as_task(shared: Arc<Shared>, writer: Arc<Mutex<Writer>>) {
    let mut late = false;
    loop {
        match step(&shared, &writer, late) {
            Step::Done => {
                late = false;
                // Others may see what was done before more is.
                tokio::task::yield_now().await;
            }
            Step::Wait(until, limit) => late = wait_as_task(&shared, until, limit).await,
            Step::Over => return,
        }
    }
}

/// Whether the time was over before it was so.
async fn wait_as_task(shared: &Shared, until: Until, limit: Option<Duration>) -> bool {
    let is_so = || until.is_reached(&shared.lock(), shared.options.max_group);
    let so = async {
        while !is_so() {
            shared.bell.task.notified().await;
        }
    };
    let Some(limit) = limit else {
        so.await;
        return false;
    };
    tokio::select! {
        biased;
        () = so => false,
        () = shared.options.env.sleep(limit) => true,
    }
}
