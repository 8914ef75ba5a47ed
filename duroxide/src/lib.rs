//! Durable execution for Rust: ordinary `async fn`s that survive crashes, restarts and deploys.

pub mod activity;
pub mod client;
pub mod codec;
pub mod engine;
pub mod env;
pub mod history;
pub mod orchestration;
pub mod provider;
pub mod registry;
pub mod runtime;
pub mod storage;
pub mod time;
pub mod typed;

#[doc(hidden)]
#[path = "macro_support.rs"]
pub mod __private;

pub use activity::ActivityContext;
pub use client::{Client, ClientError, Handle, OrchestrationError, OrchestrationStatus};
pub use history::{AppErrorKind, ErrorDetails, Event, EventKind};
pub use orchestration::{
    CallError, DurableFuture, Either2, Either3, Elapsed, OrchestrationContext, join_all, join2,
    join3, select_all, select2, select3,
};
pub use registry::{ActivityRegistry, OrchestrationRegistry};
pub use runtime::{Runtime, RuntimeOptions};
