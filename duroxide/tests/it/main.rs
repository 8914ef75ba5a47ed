//! All tests of the crate in one binary: it links once, and helpers are shared.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::clone_on_ref_ptr,
    clippy::indexing_slicing,
    missing_docs,
    reason = "in a test, a panic is the report"
)]

mod client;
mod coded;
mod disk;
mod documents;
mod engine;
mod hardening;
mod kit;
mod layering;
mod messages;
mod moving_over;
mod provider;
mod runtime;
mod samples;
mod sim;
mod support;
mod testing;
mod weak_points;
