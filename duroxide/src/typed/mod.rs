//! What the macros' output stands on: typed calls, starts, events and handlers over the dynamic
//! layer.

mod activity_call;
mod args;
mod child_call;
mod event;
mod handlers;
mod payload;
mod start_over;
mod wire;

pub use activity_call::{ActivityCall, ActivityCaller, TypedActivity};
pub use args::{ArgsReader, ArgsWriter};
pub use child_call::{ChildCall, ChildCaller};
pub use event::{EventError, ExternalEvent};
pub use handlers::{activity_handler, orchestration_handler};
pub use payload::{Failure, Payload};
pub use start_over::StartOver;
#[cfg(feature = "testing")]
pub(crate) use wire::rejected;
pub use wire::{Outcome, Wire, outcome, payload};
