//! What an activity sees. Must not know: the engine, storage.

mod context;
mod data;
mod pulse;
mod trace;

pub use context::{ActivityContext, ActivityInfo};
pub(crate) use data::ApplicationData;
pub use data::{MissingData, NeededData};
