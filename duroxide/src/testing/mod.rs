//! For the tests of those who write orchestrations (feature `testing`): a world in which thirty days
//! pass in a millisecond, mocks, histories as files, and whether a program still fits them.
//!
//! `#[duroxide::test]` runs a test in a [`TestEnv`]: the real engine and runtime, a store in memory,
//! and a virtual clock.
//!
//! A history that was exported once is a promise: a program that replays it can take over the
//! instances that run. So a deployment is checked before it is made, by [`replay`] and
//! [`replay_dir`] with histories that the repository keeps, and by [`check_open_instances`] with a
//! store.

mod clock;
mod crashes;
mod cutting;
mod difference;
mod environment;
mod history;
mod mocks;
mod open_instances;
mod program;
mod replay;
mod run;
mod snapshot;
mod world;

pub use environment::TestEnv;
pub use history::{HistoryError, RecordedHistory};
pub use mocks::{Answer, Later, Mock, Mocked, MockedCall, Mocking, Plain, Target};
pub use open_instances::{OpenInstances, check_open_instances};
pub use replay::{ReplayError, Replayed, replay, replay_dir};
pub use run::{TestOptions, run};
