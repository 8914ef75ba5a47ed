//! What is counted: in atomics of the runtime's own, always, and through the `metrics` facade for
//! whatever exporter the program has installed. Each fact once, when it is durable.

mod activities;
mod gauges;
mod life;
mod store;
mod turns;

use std::sync::atomic::{AtomicU64, Ordering};

pub(super) use activities::{Ran, activity_processed, turn_processed};
pub(super) use gauges::watch;
pub(super) use life::Life;
pub(super) use store::Metered;
pub(super) use turns::{Facts, error_category};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What a runtime has counted since its start. All numbers only grow.
        ///
        /// ```
        /// use duroxide::MetricsSnapshot;
        ///
        /// let nothing_yet = MetricsSnapshot::default();
        /// assert_eq!(nothing_yet.orch_starts, 0);
        /// ```
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct MetricsSnapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        /// The counters themselves.
        #[derive(Debug, Default)]
        pub(super) struct Meters {
            $(pub(super) $name: Count,)*
        }

        impl Meters {
            pub(super) fn snapshot(&self) -> MetricsSnapshot {
                MetricsSnapshot { $($name: self.$name.get(),)* }
            }
        }
    };
}

counts! {
    /// Executions that began: started from outside, by a parent, or by continue-as-new.
    orch_starts,
    /// Executions that ended well.
    orch_completions,
    /// Executions that failed, whatever the reason.
    orch_failures,
    /// Of these: by their own code, cancelled ones included.
    orch_application_errors,
    /// Of these: because the store or the machine let them down.
    orch_infrastructure_errors,
    /// Of these: because the code does not fit what is stored.
    orch_configuration_errors,
    /// Instances that were failed because a message never got through.
    orch_poison,
    /// Turns that were taken from the store.
    orch_dispatcher_items_fetched,
    /// Executions that handed over to the next.
    orch_continue_as_new,
    /// Activities that returned `Ok`.
    activity_success,
    /// Activities that failed by their own code, panics included.
    activity_app_errors,
    /// Activities that failed because the store or the machine let them down.
    activity_infra_errors,
    /// Activities that failed because the deployment is wrong.
    activity_config_errors,
    /// Activities that were delivered too often or cannot be read.
    activity_poison,
    /// Activities that were taken from the store.
    worker_dispatcher_items_fetched,
    /// Calls of sub-orchestrations that came back or were given up.
    suborchestration_calls,
    /// Calls of the store that failed. A lost lock is no failure of the store.
    provider_errors,
}

/// One counter.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: usize) {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn one(&self) {
        self.add(1);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
