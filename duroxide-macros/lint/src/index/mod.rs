//! The crate around a function: its imports, its helpers, its macros.

pub mod annotated;
pub mod chain;
mod fallback;
mod files;
pub mod function;
pub mod krate;
pub mod manifest;
pub mod module;
mod scan;
mod skim;
