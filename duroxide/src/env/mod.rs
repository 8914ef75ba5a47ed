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
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::Client;
/// use duroxide::env::{EnvRef, TokioEnv};
/// use duroxide::provider::ProviderRef;
///
/// fn client(store: ProviderRef) -> Client {
///     let env: EnvRef = Arc::new(TokioEnv::new());
///     Client::with_env(store, env)
/// }
/// ```
pub type EnvRef = Arc<dyn Env>;

/// Where clock, ids, tasks and sleep come from.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::env::{Env, TokioEnv};
/// use duroxide::time::Timestamp;
/// use futures::future::BoxFuture;
///
/// /// The real world with a wall clock that is an hour ahead.
/// #[derive(Debug)]
/// struct Ahead(TokioEnv);
///
/// impl Env for Ahead {
///     fn now(&self) -> Timestamp {
///         self.0.now().saturating_add(Duration::from_secs(3600))
///     }
///
///     fn elapsed(&self) -> Duration {
///         self.0.elapsed()
///     }
///
///     fn unique_id(&self) -> u128 {
///         self.0.unique_id()
///     }
///
///     fn spawn(&self, task: BoxFuture<'static, ()>) {
///         self.0.spawn(task);
///     }
///
///     fn blocking(&self, job: Box<dyn FnOnce() + Send>) {
///         self.0.blocking(job);
///     }
///
///     fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
///         self.0.sleep(duration)
///     }
/// }
/// # assert!(!Ahead(TokioEnv::new()).is_simulated());
/// ```
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
    /// meanwhile; and an embedded store has a task that writes, not a thread, so it is to be opened
    /// where tasks can be spawned. Default: no.
    fn is_simulated(&self) -> bool {
        false
    }
}
