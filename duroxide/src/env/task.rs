//! Background tasks whose end can be awaited and which can be stopped, and jobs that may block.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::{AbortHandle, Aborted, abortable};
use tokio::sync::oneshot;

use crate::env::Env;

/// How a task ended.
///
/// ```
/// use duroxide::env::TaskEnd;
///
/// fn in_words(end: TaskEnd) -> &'static str {
///     match end {
///         TaskEnd::Finished => "is done",
///         TaskEnd::Panicked => "panicked",
///         TaskEnd::Aborted => "was stopped",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    /// It ran to its end.
    Finished,
    /// It panicked.
    Panicked,
    /// It was stopped by [`TaskHandle::abort`], or its executor is gone.
    Aborted,
}

/// A running task. Dropping the handle leaves the task running.
///
/// ```
/// use std::future::pending;
///
/// use duroxide::env::{TaskEnd, TokioEnv, spawn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let endless = spawn(&TokioEnv::new(), pending());
/// endless.abort();
/// assert_eq!(endless.join().await, TaskEnd::Aborted);
/// # });
/// ```
#[derive(Debug)]
pub struct TaskHandle {
    abort: AbortHandle,
    end: oneshot::Receiver<TaskEnd>,
}

impl TaskHandle {
    /// Stops the task at its next `.await`.
    pub fn abort(&self) {
        self.abort.abort();
    }

    /// Completes when the task is gone.
    pub async fn join(self) -> TaskEnd {
        self.end.await.unwrap_or(TaskEnd::Aborted)
    }
}

/// Runs `task` in the background of `env`.
///
/// ```
/// use duroxide::env::{TaskEnd, TokioEnv, spawn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let task = spawn(&TokioEnv::new(), async { println!("in the background") });
/// assert_eq!(task.join().await, TaskEnd::Finished);
/// # });
/// ```
pub fn spawn(env: &dyn Env, task: impl Future<Output = ()> + Send + 'static) -> TaskHandle {
    let (task, abort) = abortable(task);
    let (tell, end) = oneshot::channel();
    env.spawn(Box::pin(async move {
        // A panic is reported to whoever joins; the payload was already printed by the hook.
        let how = match AssertUnwindSafe(task).catch_unwind().await {
            Ok(Ok(())) => TaskEnd::Finished,
            Ok(Err(Aborted)) => TaskEnd::Aborted,
            Err(_panic) => TaskEnd::Panicked,
        };
        // Nobody has to wait for it.
        let _ = tell.send(how);
    }));
    TaskHandle { abort, end }
}

/// Runs `job` where it may wait for the disk, and gives its result; `None` if it panicked.
///
/// ```
/// use std::path::Path;
///
/// use duroxide::env::{TokioEnv, blocking};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let found = blocking(&TokioEnv::new(), || Path::new("Cargo.toml").exists()).await;
/// assert_eq!(found, Some(true));
/// # });
/// ```
pub async fn blocking<R: Send + 'static>(
    env: &dyn Env,
    job: impl FnOnce() -> R + Send + 'static,
) -> Option<R> {
    let (give, take) = oneshot::channel();
    env.blocking(Box::new(move || {
        // Whoever asked may be gone.
        let _ = give.send(job());
    }));
    take.await.ok()
}
