//! The kit for those who write orchestrations: histories as files, and replay before a deployment.

mod histories;
mod open_instances;
