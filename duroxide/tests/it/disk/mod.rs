//! The storage under attack: a simulated disk that loses power, fails and lies, and a model of the
//! contract that says what must be found afterwards.

mod at_rest;
mod calls;
mod clock;
mod differential;
mod doubt;
mod draw;
mod faults;
mod golden;
mod leases;
pub(crate) mod lives;
mod lockstep;
mod moments;
mod openings;
pub(crate) mod power_loss;
mod relaxed;
mod script;
mod seeds;
pub(crate) mod sim_disk;
mod stories;
mod supply;
mod view;
mod whole_runtime;
