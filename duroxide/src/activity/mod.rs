//! What an activity sees. Must not know: the engine, storage.

mod context;

pub use context::{ActivityContext, ActivityInfo};
