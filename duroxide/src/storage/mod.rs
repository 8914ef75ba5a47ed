//! Stores that come with the library. Must not know: the engine, the runtime.

pub mod coded;
#[cfg(feature = "redb")]
pub mod redb;
