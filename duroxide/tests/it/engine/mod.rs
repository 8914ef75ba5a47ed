//! The engine, one file per rule.

mod actions;
mod batch_split;
mod budget;
mod continue_as_new;
mod external_events;
mod failed_histories;
mod foreign_futures;
mod inbox;
mod mutations;
mod nondeterminism;
mod panics;
mod queues;
mod races;
mod replay;
mod retries;
mod values;
mod wakers;
