//! The engine, one file per rule.

mod continue_as_new;
mod races;
mod replay;
