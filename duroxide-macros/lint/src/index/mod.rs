//! The crate around a function: its imports, its helpers, its macros.

pub mod annotated;
pub mod chain;
mod files;
pub mod krate;
pub mod manifest;
pub mod module;
