//! The determinism rules, and the search for what breaks them in the text of a function. The macros
//! and the checker share it. Must not know: how a finding is shown.

pub mod allow;
pub mod attributes;
pub mod body;
pub mod check;
pub mod index;
mod loops;
pub mod macros;
pub mod matching;
pub mod names;
pub mod order;
pub mod patterns;
pub mod read;
pub mod rules;
mod shared;
pub mod signature;
pub mod table;
mod tokens;
