//! End to end: programs on the real runtime, on every store, with live instances on and off.

pub(crate) mod log;
pub(crate) mod world;

mod activities;
mod activity_context;
mod child_ends;
mod children;
mod continue_as_new;
mod events;
pub(crate) mod faults;
mod first_programs;
mod fsyncs;
mod limits;
mod metrics;
mod options;
mod patches;
mod recovery;
mod retries;
mod semantics;
mod sessions;
mod shutdown;
mod start_up;
mod starting;
mod summaries;
mod tags;
mod timers;
mod written_forms;
mod wrong_code;
