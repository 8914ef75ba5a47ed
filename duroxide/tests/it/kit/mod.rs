//! Tests as those write them who write orchestrations: virtual time, mocks, crashes, and the
//! workflows that every guide has. Nothing here waits for a real clock.

mod changes;
mod crashes;
mod dynamic;
mod mocks;
mod snapshots;
mod time;
mod troubles;
mod workflows;
