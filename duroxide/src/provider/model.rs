//! The contract as a program.
