//! Durable execution for Rust.

pub mod env;
pub mod history;
pub mod provider;
pub mod time;
