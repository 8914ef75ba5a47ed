//! What an activity is handed: who calls, and whether anybody still waits.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// Who calls an activity. As plain data, for whoever makes a context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivityInfo {
    /// The instance.
    pub instance_id: String,
    /// Its execution.
    pub execution_id: u64,
    /// The event that scheduled the activity.
    pub activity_id: u64,
    /// The activity's name.
    pub activity_name: String,
    /// The orchestration's name.
    pub orchestration_name: String,
    /// The version that the execution is pinned to.
    pub orchestration_version: String,
    /// Which attempt of the call this is: 1, 2, ...
    pub attempt: u32,
    /// The event that scheduled the first attempt; the activity's own if this is it.
    pub first_attempt_id: u64,
    /// Which delivery of the attempt this is: 1, 2, ... More than one after a crash or a lost lease.
    pub delivery: u32,
}

/// The surroundings of one run of an activity. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ActivityContext {
    info: Arc<ActivityInfo>,
    cancellation: CancellationToken,
}

impl ActivityContext {
    /// A context for this call, cancelled through the token.
    pub(crate) fn new(info: ActivityInfo, cancellation: CancellationToken) -> Self {
        Self {
            info: Arc::new(info),
            cancellation,
        }
    }

    /// A context for calling an activity as a plain function in a test.
    pub fn for_test() -> Self {
        let info = ActivityInfo {
            instance_id: "test".to_owned(),
            execution_id: 1,
            activity_id: 1,
            activity_name: "test".to_owned(),
            orchestration_name: "test".to_owned(),
            orchestration_version: "1.0.0".to_owned(),
            attempt: 1,
            first_attempt_id: 1,
            delivery: 1,
        };
        Self::new(info, CancellationToken::new())
    }

    /// The instance that calls.
    pub fn instance_id(&self) -> &str {
        &self.info.instance_id
    }

    /// Its execution.
    pub fn execution_id(&self) -> u64 {
        self.info.execution_id
    }

    /// The event that scheduled this attempt of the activity.
    pub fn activity_id(&self) -> u64 {
        self.info.activity_id
    }

    /// The activity's own name.
    pub fn activity_name(&self) -> &str {
        &self.info.activity_name
    }

    /// The name of the orchestration that calls.
    pub fn orchestration_name(&self) -> &str {
        &self.info.orchestration_name
    }

    /// The version of the orchestration that calls.
    pub fn orchestration_version(&self) -> &str {
        &self.info.orchestration_version
    }

    /// Which attempt of the call this is: 1, 2, ... It grows when the call is retried because the
    /// attempt before failed or took too long.
    pub fn attempt(&self) -> u32 {
        self.info.attempt
    }

    /// Which delivery of this attempt this is: 1, 2, ... It grows when a worker took the attempt
    /// and did not come back: after a crash, a shutdown or a lost lease.
    pub fn delivery(&self) -> u32 {
        self.info.delivery
    }

    /// The same text for all attempts and deliveries of this call, and for no other call: hand it
    /// to outside systems, so that doing it twice is doing it once.
    ///
    /// It is made of the instance, the execution and the event that scheduled the first attempt:
    /// `order-42/1/7`.
    pub fn idempotency_key(&self) -> String {
        let ActivityInfo {
            instance_id,
            execution_id,
            first_attempt_id,
            ..
        } = &*self.info;
        format!("{instance_id}/{execution_id}/{first_attempt_id}")
    }

    /// Whether the result is of no use any more: the orchestration does not wait for it, or the
    /// lock is lost. Noticed when the lock is renewed, at a third of
    /// `RuntimeOptions::worker_lock_timeout`. A runtime that shuts down does not say so here: it
    /// drops the activity at its next `.await` when the grace period is over.
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Completes when [`is_cancelled`](Self::is_cancelled) becomes true.
    pub async fn cancelled(&self) {
        self.cancellation.cancelled().await;
    }

    /// The token behind [`cancelled`](Self::cancelled), to hand on.
    pub fn cancellation_token(&self) -> CancellationToken {
        self.cancellation.clone()
    }
}
