//! Tests as those write them who write orchestrations: virtual time, mocks, crashes.

mod mocks;
mod time;
