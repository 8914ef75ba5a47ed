//! The embedded store in a world of one thread: it has a thread of its own that writes, and whoever
//! calls it here stands still until that has answered. So a call is one step, as with the model; but
//! not a fetch, which parks as ever, and may wait for the disk when it has found something.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use async_trait::async_trait;
use duroxide::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use duroxide::provider::{
    ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus, Layer, Provider, ProviderError,
    ProviderRef, StartOutcome, TurnCommit, TurnLock,
};

type Answer<T> = Result<T, ProviderError>;

/// A store whose calls are one step each; those that park for work park as ever.
#[derive(Debug)]
pub(crate) struct Patient(pub(crate) ProviderRef);

struct Awake {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Awake {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

fn stand_still<T>(call: impl Future<Output = T>) -> T {
    let awake = Arc::new(Awake {
        thread: thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&awake));
    let mut call = pin!(call);
    loop {
        if let Poll::Ready(done) = call.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        while !awake.woken.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}

#[async_trait]
impl Layer for Patient {
    fn below(&self) -> &dyn Provider {
        &*self.0
    }

    async fn start(&self, instance: &InstanceId, start: Start) -> Answer<StartOutcome> {
        stand_still(self.0.start(instance, start))
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Answer<Enqueued> {
        stand_still(self.0.enqueue(instance, message_id, message))
    }

    async fn commit_turn(&self, lock: &TurnLock, turn: TurnCommit) -> Answer<Committed> {
        stand_still(self.0.commit_turn(lock, turn))
    }

    async fn abandon_turn(&self, lock: &TurnLock, delay: Duration, forget: bool) -> Answer<()> {
        stand_still(self.0.abandon_turn(lock, delay, forget))
    }

    async fn renew_turn(&self, lock: &TurnLock, timeout: Duration) -> Answer<()> {
        stand_still(self.0.renew_turn(lock, timeout))
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        stand_still(self.0.complete_activity(lock, result))
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget: bool,
    ) -> Answer<()> {
        stand_still(self.0.abandon_activity(lock, delay, forget))
    }

    async fn renew_activity(&self, lock: &ActivityLock, timeout: Duration) -> Answer<()> {
        stand_still(self.0.renew_activity(lock, timeout))
    }

    async fn release_sessions(&self, owners: &[String]) -> Answer<usize> {
        stand_still(self.0.release_sessions(owners))
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Answer<usize> {
        stand_still(self.0.renew_sessions(owners, lock_timeout, idle_timeout))
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Answer<HistoryPage> {
        stand_still(self.0.read(instance, execution_id, after, max))
    }

    async fn status(&self, instance: &InstanceId) -> Answer<Option<InstanceStatus>> {
        stand_still(self.0.status(instance))
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Answer<Option<KvEntry>> {
        stand_still(self.0.kv(instance, key))
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Answer<Vec<KvEntry>> {
        stand_still(self.0.kv_entries(instance))
    }
}
