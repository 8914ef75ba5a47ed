//! Mutexes, condition variables, flags and threads, for the few pieces that several threads share.
//! They are those of the standard library. In unit tests a scheduler may stand behind them that
//! tries one order of events after the other (`docs/testing.md`). Must not know: all else.

#[cfg(test)]
mod explored;

#[cfg(test)]
pub(crate) use explored::{AtomicBool, Condvar, Mutex, MutexGuard, thread};

#[cfg(not(test))]
pub(crate) use std::sync::atomic::AtomicBool;
#[cfg(not(test))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(test))]
pub(crate) use std::thread;
