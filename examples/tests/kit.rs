//! The examples from inside, in virtual time: runs the `mod tests` of each of them.
//!
//! Cargo would do that by itself for an example with `test = true`; but then it leaves out the program
//! itself, which the tests in `it` run. `cargo test --example approval` runs one of them alone. All
//! of these modules are one program here, so no two of them may have an activity of the same name.

#![expect(dead_code, reason = "nobody calls the `main` of an example here")]

#[path = "../approval.rs"]
mod approval;
#[path = "../eternal.rs"]
mod eternal;
#[path = "../fan_out.rs"]
mod fan_out;
#[path = "../saga.rs"]
mod saga;
#[path = "../versioned/main.rs"]
mod versioned;
