//! What the macros' output stands on: typed calls, starts, events and handlers over the dynamic
//! layer.

mod activity_call;
mod args;
mod event;
mod handlers;
mod payload;
mod wire;

pub use activity_call::{ActivityCall, ActivityCaller, TypedActivity};
pub use args::{ArgsReader, ArgsWriter};
pub use event::{EventError, ExternalEvent};
pub use handlers::{activity_handler, continue_as_new, orchestration_handler};
pub use payload::{Failure, Payload};
pub use wire::{Outcome, Wire, outcome, payload};
