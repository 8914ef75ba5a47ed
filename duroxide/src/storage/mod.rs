//! Stores that come with the library. Must not know: the engine, the runtime.

#[cfg(feature = "redb")]
pub mod redb;
