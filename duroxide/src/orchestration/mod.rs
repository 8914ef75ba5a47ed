//! What an orchestration sees: its context, the futures that history drives, and how to combine
//! them.
//!
//! [`OrchestrationContext`] has a method for everything that code can ask of the world, in families:
//! activities, children, timers, events, values and status, cancellation and sagas, starting over.
//! Each gives a future that is [`Durable`]: it completes on a replay as it did the first time.
//! [`join_all`], [`select_all`], `join!` and `select!` combine them, and a
//! [`CallError`] says why a call has no result. The guide tells all of this in order:
//! `docs/guide/orchestrations.md`.
//!
//! Must not know: storage, the runtime, Tokio.

mod activities;
mod call_error;
mod cancellation;
mod children;
mod combining;
mod context;
pub(crate) mod durable;
mod durable_future;
mod error;
mod events;
mod guarded;
mod guid;
mod join;
mod kept;
mod macros;
pub mod probes;
mod retry;
mod saga;
mod select;
mod trace;
mod undoing;
mod wake_list;

pub use call_error::CallError;
pub use cancellation::CancellationRequested;
pub(crate) use children::Child;
pub use context::{ContinueAsNew, Elapsed, OrchestrationContext, Timeout};
#[cfg(feature = "futures")]
pub use durable::DurableStream;
pub use durable::{Assumed, Block, BoxDurable, Durable, block, sorted};
pub use durable_future::DurableFuture;
pub use error::Error;
pub(crate) use guarded::Guarded;
pub use guid::{Guid, Random};
pub use join::{Join2, Join3, JoinAll, join_all, join2, join3};
pub(crate) use retry::{CallFailure, Callee};
pub use saga::Saga;
pub use select::{Either2, Either3, Select2, Select3, SelectAll, select_all, select2, select3};
pub use undoing::Compensation;
