//! What an activity sees. Must not know: the engine, storage.

mod context;
mod trace;

pub use context::{ActivityContext, ActivityInfo};
