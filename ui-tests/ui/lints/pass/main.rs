//! What each rule lets through, in each form of code: what is meant for it instead, what only looks like
//! it, and what somebody vouches for.

#![deny(warnings)]
#![allow(dead_code, unused_variables)]

mod rules;

fn main() {}
