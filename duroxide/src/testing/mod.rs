//! For the tests of those who write orchestrations (feature `testing`): histories as files, and
//! whether a program still fits them.
//!
//! A history that was exported once is a promise: a program that replays it can take over the
//! instances that run. So a deployment is checked before it is made, by [`replay`] and
//! [`replay_dir`] with histories that the repository keeps, and by [`check_open_instances`] with a
//! store.

mod history;
mod open_instances;
mod replay;

pub use history::{HistoryError, RecordedHistory};
pub use open_instances::{OpenInstances, check_open_instances};
pub use replay::{ReplayError, Replayed, replay, replay_dir};
