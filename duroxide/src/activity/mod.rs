//! What an activity sees.
//!
//! An activity is where the side effects are. It may run more than once: its
//! [`ActivityContext`] has the [key](ActivityContext::idempotency_key) that makes twice the same as
//! once, says which attempt it is and whether anybody still waits, and gives it what the program
//! put into the runtime. With [`ActivityContext::for_test`] it is called as a plain function.
//!
//! Must not know: the engine, storage.

mod context;
mod data;
mod pulse;
mod trace;

pub use context::{ActivityContext, ActivityInfo};
pub(crate) use data::ApplicationData;
pub use data::{MissingData, NeededData};
