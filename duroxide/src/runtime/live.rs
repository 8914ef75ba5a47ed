//! Suspended executions, kept between their turns. Nothing but speed depends on what is in here.

use std::num::NonZeroUsize;
use std::sync::PoisonError;

use lru::LruCache;

use crate::engine::Execution;
use crate::history::{ExecutionId, InstanceId};
use crate::runtime::metering::Life;
use crate::sync::Mutex;

/// A bounded set of suspended executions.
#[derive(Debug)]
pub(super) struct LiveInstances(Option<Mutex<LruCache<InstanceId, Live>>>);

#[derive(Debug)]
struct Live {
    execution_id: ExecutionId,
    turn_id: u128,
    loaded: Loaded,
}

/// An execution in memory, and what is remembered of its life.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) execution: Execution,
    pub(super) life: Life,
}

impl LiveInstances {
    /// Room for so many; none if zero.
    pub(super) fn new(capacity: usize) -> Self {
        Self(NonZeroUsize::new(capacity).map(|capacity| Mutex::new(LruCache::new(capacity))))
    }

    /// Takes out the execution if it stands exactly where that turn left it; one that stands
    /// elsewhere is dropped.
    pub(super) fn take(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        turn_id: u128,
    ) -> Option<Loaded> {
        let cache = self.0.as_ref()?;
        // Bound first: the lock is free when a stale execution, user code, is dropped.
        let live = cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop(instance)?;
        let is_last = live.turn_id == turn_id || planted!(LiveWithoutTurn);
        (live.execution_id == execution_id && is_last).then_some(live.loaded)
    }

    /// Puts in an execution as that turn left it. The turn need not be durable yet: only a store
    /// that has it names its id.
    pub(super) fn put(
        &self,
        instance: InstanceId,
        execution_id: ExecutionId,
        turn_id: u128,
        loaded: Loaded,
    ) {
        let Some(cache) = &self.0 else { return };
        let live = Live {
            execution_id,
            turn_id,
            loaded,
        };
        let evicted = cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(instance, live);
        drop(evicted);
    }

    /// Drops the execution: its turn did not become durable, or nobody knows.
    pub(super) fn remove(&self, instance: &InstanceId) {
        let Some(cache) = &self.0 else { return };
        let live = cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop(instance);
        drop(live);
    }

    /// Drops all.
    pub(super) fn clear(&self) {
        let Some(cache) = &self.0 else { return };
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<Live> = std::iter::from_fn(|| cache.pop_lru().map(|(_, live)| live)).collect();
        drop(cache);
        drop(all);
    }
}
