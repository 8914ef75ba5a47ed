//! The world outside: clock, ids, tasks, sleep. Everything here differs from run to run, so it is
//! asked for in one place and can be replaced by a simulated world. Must not know: all else.

mod task;
mod tokio_env;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::time::Timestamp;

pub use task::{TaskEnd, TaskHandle, blocking, spawn};
pub use tokio_env::TokioEnv;

/// A shared [`Env`].
pub type EnvRef = Arc<dyn Env>;

/// Where clock, ids, tasks and sleep come from.
pub trait Env: fmt::Debug + Send + Sync + 'static {
    /// The wall clock. May jump; used for what people read and for timers that span restarts.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment. Never jumps; used for leases and back-off.
    fn elapsed(&self) -> Duration;

    /// 128 random bits.
    fn unique_id(&self) -> u128;

    /// Runs a task in the background. [`spawn`] is the comfortable form.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Runs a job that may wait for the disk where it holds up nobody. [`blocking`] is the
    /// comfortable form.
    fn blocking(&self, job: Box<dyn FnOnce() + Send>);

    /// Completes after `duration`, at the earliest.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Whether this world has one thread, and a clock that goes on only while that has nothing to
    /// do. What is computed on other threads is waited for in place then, so that no time passes
    /// meanwhile. Default: no.
    fn is_simulated(&self) -> bool {
        false
    }
}
