//! Orchestrations as strangers write them: domain code with types, helpers, traits, generics and macros
//! of its own. The checks find nothing in them: a finding would not compile, and a warning is an error.

#![deny(warnings, clippy::pedantic)]
#![allow(dead_code, reason = "most of this only has to compile")]
#![allow(unreachable_pub, reason = "as if it were a library")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "activities may"
)]
#![allow(clippy::unused_async, reason = "activities that only pretend to work")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "activities that only pretend to work"
)]

mod allowed;
mod approvals;
mod devices;
mod durable;
mod imports;
mod look_alikes;
mod money;
mod orders;
mod pipelines;
mod travel;

/// So that the promise of the first line is kept.
#[test]
fn there_are_enough_of_them() {
    let sources = [
        include_str!("approvals.rs"),
        include_str!("devices.rs"),
        include_str!("imports/mod.rs"),
        include_str!("money.rs"),
        include_str!("orders.rs"),
        include_str!("pipelines.rs"),
        include_str!("travel.rs"),
    ];
    let count: usize = sources
        .iter()
        .map(|source| source.matches("#[orchestration").count())
        .sum();
    assert!(count >= 30, "{count}");
}
