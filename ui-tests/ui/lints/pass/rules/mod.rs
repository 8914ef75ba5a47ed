//! One file for each rule.

mod dx0001_foreign;
mod dx0101_clock;
mod dx0102_random;
mod dx0103_ids;
mod dx0104_sleep;
mod dx0105_unordered;
mod dx0106_stored;
mod dx0107_shared;
mod dx0108_spawn;
mod dx0109_select;
mod dx0110_environment;
mod dx0111_files;
mod dx0112_network;
mod dx0113_processes;
mod dx0114_channels;
mod dx0115_streams;
mod dx0116_identities;
mod dx0117_escapes;
mod dx0201_printing;
mod dx0202_dropped;
mod dx0203_endless;
mod dx0301_misplaced;
mod dx0303_in_place;
mod dx0304_names;
mod dx0401_helpers;
mod signatures;
