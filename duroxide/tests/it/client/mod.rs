//! The client on a store, without a runtime: turns are written by hand.

mod by_hand;
mod deleting;
mod forgetful;
mod handles;
mod listing;
mod pruning;
mod starting;
mod telling;
mod values;
mod waiting;
