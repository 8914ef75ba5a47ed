//! Durable execution for Rust: ordinary `async fn`s that survive crashes, restarts and deploys.
//!
//! An **orchestration** says what is to happen, in which order. An **activity** does one thing of
//! it: a request, a query, a file. What an orchestration asked for and what it got is recorded as
//! the **history** of its **instance**, in a **store**. When the process dies, the next one runs
//! the orchestration again from its history: each `.await` that has an answer gets it at once, and
//! the code arrives where it was. So an orchestration has to do the same on every run, and
//! everything with a side effect belongs into activities.
//!
//! ```no_run
//! use duroxide::prelude::*;
//!
//! #[activity]
//! async fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
//!     Ok(format!("Hello, {name}!"))
//! }
//!
//! #[orchestration]
//! async fn hello(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
//!     let greeting = greet(ctx, name).await?;
//!     ctx.schedule_timer(Duration::from_secs(1)).await;
//!     Ok(greeting)
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let runtime = Runtime::builder().store(RedbProvider::open("hello.redb")?).start().await?;
//!     let client = runtime.client();
//!     let handle = hello::start(&client, "Rust".to_owned()).id("hello-1").if_absent().await?;
//!     println!("{}", handle.result().await?);
//!     runtime.shutdown(None).await;
//!     Ok(())
//! }
//! ```
//!
//! Begin with the [`prelude`]. What an orchestration can do stands at [`OrchestrationContext`], what
//! an activity knows at [`ActivityContext`]; [`Runtime`] runs both, [`Client`] starts and watches
//! instances from anywhere. Names as strings and text in and out are the dynamic layer:
//! [`OrchestrationRegistry`], [`ActivityRegistry`]. Another store than the embedded one implements
//! [`provider::Provider`].

// Nothing here panics on what users or disks contain: no arithmetic that may overflow, no index and
// no `unwrap`. Tests may; the rules of the storage contract are tests too, and say so.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::unwrap_used
    )
)]

#[cfg(not(duroxide_planted))]
#[macro_use]
mod planted;
#[cfg(duroxide_planted)]
#[macro_use]
pub mod planted;

pub mod activity;
pub mod client;
pub mod codec;
mod compat;
pub mod engine;
pub mod env;
pub mod history;
pub mod orchestration;
pub mod prelude;
pub mod provider;
pub mod registry;
pub mod retry;
pub mod runtime;
#[cfg(test)]
mod schedules;
pub mod storage;
mod sync;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod time;
pub mod typed;

#[cfg(doctest)]
mod doc_tests;

#[doc(hidden)]
#[path = "macro_support.rs"]
pub mod __private;

pub use activity::{ActivityContext, MissingData};
pub use client::{
    Client, ClientError, DeleteInstanceResult, ExecutionInfo, Handle, InstanceFilter, InstanceInfo,
    InstancePage, InstancePhase, InstanceSearch, InstanceTree, OrchestrationError,
    OrchestrationStatus, PruneOptions, PruneResult, SystemMetrics,
};
pub use compat::{LogLevel, OrchestrationDescriptor, current_build_version, providers};
pub use history::{
    Action, AppErrorKind, ConfigErrorKind, ErrorDetails, Event, EventKind, INITIAL_EVENT_ID,
    INITIAL_EXECUTION_ID, PoisonMessageType, SUB_ORCH_AUTO_PREFIX, SystemStats,
    build_child_instance_id, is_auto_generated_sub_orch_id,
};
pub use orchestration::{
    BoxDurable, CallError, CancellationRequested, Compensation, Durable, DurableFuture, Either2,
    Either3, Elapsed, Error, OrchestrationContext, Saga, join_all, join2, join3, select_all,
    select2, select3, sorted,
};
pub use provider::{ProviderAdmin, ProviderError, ProviderRef, QueueDepths, TagFilter};
pub use registry::{
    ActivityHandler, ActivityRegistry, ActivityRegistryBuilder, OrchestrationHandler,
    OrchestrationHandlerRef, OrchestrationRegistry, OrchestrationRegistryBuilder, RegistryError,
    VersionPolicy,
};
pub use retry::{BackoffStrategy, RetryPolicy};
pub use runtime::{MetricsSnapshot, Runtime, RuntimeOptions};
pub use typed::{EventError, ExternalEvent};

/// ```
/// use duroxide::{ActivityContext, activity};
///
/// #[activity]
/// async fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// # futures::executor::block_on(async {
/// // With the context of an activity it is a plain function: so it is tested.
/// let greeting = greet(&ActivityContext::for_test(), "Rust".to_owned()).await?;
/// assert_eq!(greeting, "Hello, Rust!");
/// # Ok::<(), String>(())
/// # }).unwrap();
/// ```
#[cfg(feature = "macros")]
pub use duroxide_macros::activity;

/// ```
/// use duroxide::{
///     ActivityContext, Client, ClientError, OrchestrationContext, activity, orchestration,
/// };
///
/// #[activity]
/// async fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// #[orchestration(version = "1.1.0")]
/// async fn hello(ctx: &OrchestrationContext, name: String) -> Result<String, String> {
///     let greeting = greet(ctx, name).await?;
///     Ok(greeting)
/// }
///
/// async fn from_outside(client: &Client) -> Result<(), ClientError> {
///     let handle = hello::start(client, "Rust".to_owned()).id("hello-1").await?;
///     assert_eq!(handle.id(), "hello-1");
///     Ok(())
/// }
/// ```
#[cfg(feature = "macros")]
pub use duroxide_macros::orchestration;

/// ```
/// use duroxide::prelude::*;
///
/// #[activity]
/// async fn send(_ctx: &ActivityContext, item: String) -> Result<(), String> {
///     if item.is_empty() { Err("nothing to send".to_owned()) } else { Ok(()) }
/// }
///
/// #[deterministic]
/// async fn send_all(ctx: &OrchestrationContext, items: &[String]) -> Result<usize, String> {
///     for item in items {
///         send(ctx, item.clone()).await?;
///     }
///     Ok(items.len())
/// }
///
/// #[orchestration]
/// async fn order(ctx: &OrchestrationContext, items: Vec<String>) -> Result<usize, String> {
///     send_all(ctx, &items).await
/// }
/// ```
#[cfg(feature = "macros")]
pub use duroxide_macros::deterministic;

/// Gives a type its name as an [event](trait@ExternalEvent).
///
/// ```
/// use duroxide::{Client, ClientError, ExternalEvent, OrchestrationContext, orchestration};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, ExternalEvent)]
/// #[event(name = "approval")]
/// struct Approval {
///     by: String,
/// }
///
/// #[orchestration]
/// async fn request(ctx: &OrchestrationContext) -> Result<String, String> {
///     let approval = ctx.wait_for::<Approval>().await?;
///     Ok(approval.by)
/// }
///
/// async fn from_outside(client: &Client) -> Result<(), ClientError> {
///     let by = "ann".to_owned();
///     request::handle(client, "request-7").raise(Approval { by }).await
/// }
/// ```
#[cfg(feature = "macros")]
pub use duroxide_macros::ExternalEvent;

/// ```
/// use duroxide::prelude::*;
/// use duroxide::testing::TestEnv;
///
/// #[orchestration]
/// async fn remind(ctx: &OrchestrationContext) -> Result<String, String> {
///     ctx.schedule_timer(Duration::from_secs(30 * 24 * 60 * 60)).await;
///     Ok("it is time".to_owned())
/// }
///
/// #[duroxide::test]
/// async fn a_reminder_comes_after_thirty_days(env: TestEnv) {
///     let reminder = remind::start(&env.client()).await.unwrap();
///     assert_eq!(reminder.result().await.unwrap(), "it is time");
///     assert_eq!(env.elapsed(), Duration::from_secs(30 * 24 * 60 * 60));
/// }
/// # a_reminder_comes_after_thirty_days();
/// ```
#[cfg(all(feature = "macros", feature = "testing"))]
pub use duroxide_macros::test;
