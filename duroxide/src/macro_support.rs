//! The only paths that generated code may name. Re-exports, no logic.

pub use std::boxed::Box;
pub use std::convert::Into;
pub use std::marker::{Send, Sync};
pub use std::ops::Fn;
pub use std::option::Option::{None, Some};
pub use std::primitive::str;
pub use std::result::Result::{self, Ok};
pub use std::string::String;
pub use std::time::Duration;
pub use std::{file, line, module_path};

pub use futures_util::future::BoxFuture;
pub use inventory;

pub use crate::activity::{ActivityContext, NeededData};
pub use crate::client::{Client, Handle, StartCall};
pub use crate::codec::{CodecError, encode};
pub use crate::orchestration::durable::{AwaitExt, durable_await};
pub use crate::orchestration::{Durable, OrchestrationContext, block, probes};
pub use crate::registry::{Handler, Registered, Registration};
pub use crate::retry::{BackoffStrategy, RetryPolicy};
pub use crate::typed::{
    ActivityCall, ActivityCaller, ArgsReader, ArgsWriter, ChildCall, ChildCaller, ExternalEvent,
    Failure, Payload, StartOver, TypedActivity, activity_handler, orchestration_handler, outcome,
    payload,
};

#[cfg(feature = "testing")]
pub use crate::testing::{Answer, Mocked, MockedCall, Mocking, Plain, TestEnv, TestOptions, run};

/// What generated code has for tests only.
#[doc(hidden)]
#[macro_export]
#[cfg(feature = "testing")]
macro_rules! __if_testing {
    ($($items:tt)*) => { $($items)* };
}

/// What generated code has for tests only.
#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "testing"))]
macro_rules! __if_testing {
    ($($items:tt)*) => {};
}
