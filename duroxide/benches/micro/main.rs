//! What single parts cost, without a disk: `cargo bench -p duroxide --bench micro`.
//!
//! For comparing one version with the next on one machine. What a program sees is measured by the
//! benchmark among the examples.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a benchmark, a panic is the report"
)]

mod codec;
mod engine;
mod provider;
mod steps;

fn main() {
    divan::main();
}
