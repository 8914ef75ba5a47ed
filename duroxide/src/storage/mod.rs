//! Stores that come with the library.
//!
//! `redb` is the one to begin with: one file, one process, an fsync behind everything that is
//! acknowledged. [`coded`] stands around any store and passes payloads through a codec of the
//! program's. Other stores implement [`Provider`](crate::provider::Provider).
//!
//! Must not know: the engine, the runtime.

pub mod coded;
#[cfg(feature = "redb")]
pub mod redb;
