//! The examples from outside: as processes that are run, killed, and looked at afterwards.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test, a panic is the report"
)]

mod approval;
mod bench;
mod custom_provider;
mod dynamic;
mod encrypted;
mod eternal;
mod export_history;
mod fan_out;
mod fleet;
mod hello_world;
mod kill;
mod observability;
mod orders;
mod process;
mod progress;
mod refusals;
mod saga;
mod sessions_and_tags;
mod store;
mod versioned;
mod work;
