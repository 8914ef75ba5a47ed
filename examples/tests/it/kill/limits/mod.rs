//! The same orders in processes that stand still for longer than their leases, or that run short
//! of memory, of room in a file, of room on the disk. What must hold is what must hold for kills;
//! a file can be looked at as well while its process stands still.
//!
//! `DUROXIDE_LONG=1` runs each of them for ten minutes, or `DUROXIDE_MINUTES`, or 500
//! rounds.

mod case;
mod memory;
mod outside;
mod room;
mod small_disk;
mod stops;

use crate::kill::{Watch, is_long, minutes};

/// The numbers of some rounds; in the long form of many.
fn rounds(few: usize) -> impl Iterator<Item = usize> {
    let watch = Watch::start();
    let most = minutes(10);
    let is_time = move |_: &usize| !is_long() || watch.elapsed() < most;
    (0..if is_long() { 500 } else { few }).take_while(is_time)
}
