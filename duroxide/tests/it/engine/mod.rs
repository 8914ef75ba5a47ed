//! The engine, one file per rule.

mod races;
mod replay;
