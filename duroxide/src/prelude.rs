//! What programs need, and no more: `use duroxide::prelude::*;`.

pub use std::time::Duration;

pub use crate::ExternalEvent;
pub use crate::activity::ActivityContext;
pub use crate::client::{Client, OrchestrationError};
pub use crate::orchestration::{
    CallError, Durable, Either2, Either3, OrchestrationContext, join_all, select_all,
};
pub use crate::retry::RetryPolicy;
pub use crate::runtime::{Runtime, RuntimeOptions};
#[cfg(feature = "redb")]
pub use crate::storage::redb::RedbProvider;
#[cfg(feature = "macros")]
pub use crate::{activity, deterministic, orchestration};
pub use crate::{join, select, trace_debug, trace_error, trace_info, trace_warn};
