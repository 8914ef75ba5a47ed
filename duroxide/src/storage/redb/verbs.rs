//! The contract, verb by verb: check and encode, change the state, wait for the disk.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::env;
use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderAdmin, ProviderError, StartOutcome, TurnCommit, TurnFetch, TurnItem,
    TurnLock, check_event, check_start,
};
use crate::storage::redb::checks::unstorable;
use crate::storage::redb::commits::{CommitStep, Looked};
use crate::storage::redb::deliveries::digest_of;
use crate::storage::redb::incoming::{Created, ENQUEUE, Numbers, START, Sent, create, send};
use crate::storage::redb::limits::StoreLimits;
use crate::storage::redb::reads::{self, ReadError};
use crate::storage::redb::shared::{Shared, until};
use crate::storage::redb::watched::Watch;
use crate::storage::redb::{RedbProvider, bodies, fetch};

const COMMIT: &str = "commit a turn";
const COMPLETE: &str = "complete an activity";
const READ: &str = "read a history";
const STATUS: &str = "read a status";
const VALUES: &str = "read values";
const GIVE_BACK: &str = "give back work";
const RENEW: &str = "renew a lock";

#[async_trait]
impl Provider for RedbProvider {
    fn describe(&self) -> String {
        self.described()
    }

    async fn start(
        &self,
        instance: &InstanceId,
        start: Start,
    ) -> Result<StartOutcome, ProviderError> {
        check_start(&start).map_err(ProviderError::Refused)?;
        self.limits().check_new(instance, &start)?;
        let shared = self.shared();
        let digest = digest_of(&start);
        match create(shared, instance, start)? {
            Created::Now(durable) => {
                until(START, durable).await?;
                return Ok(StartOutcome::Created);
            }
            Created::Before(Some(durable)) => until(START, durable).await?,
            Created::Before(None) => {}
        }
        let row = shared.read(START, instance, |disk| reads::instance(disk, instance))?;
        let (_, row) = row.ok_or_else(|| ReadError::gone().into_provider(START, instance))?;
        Ok(StartOutcome::Exists {
            status: Box::new(row.status),
            same_request: row.digest == digest,
        })
    }

    async fn enqueue(
        &self,
        instance: &InstanceId,
        message_id: u128,
        message: Message,
    ) -> Result<Enqueued, ProviderError> {
        check_event(&message).map_err(ProviderError::Refused)?;
        self.limits().check_message(&message)?;
        match send(self.shared(), instance, message_id, message)? {
            Sent::Now(durable) => {
                until(ENQUEUE, durable).await?;
                Ok(Enqueued::Accepted)
            }
            Sent::Before(durable) => {
                if let Some(durable) = durable {
                    until(ENQUEUE, durable).await?;
                }
                Ok(Enqueued::Duplicate)
            }
        }
    }

    async fn fetch_turns(&self, fetch: TurnFetch) -> Result<Vec<TurnItem>, ProviderError> {
        fetch::turns(self.shared(), fetch).await
    }

    async fn commit_turn(
        &self,
        lock: &TurnLock,
        turn: TurnCommit,
    ) -> Result<Committed, ProviderError> {
        self.limits().check_turn(&turn)?;
        let record = if turn.history_delta.is_empty() {
            None
        } else {
            let record = bodies::encode_turn(turn.turn_id, &turn.history_delta);
            Some(record.map_err(|error| unstorable(&error))?)
        };
        let shared = self.shared();
        let starts = turn.starts.iter().map(|child| &child.instance);
        let messages = turn.messages.iter().map(|(to, _)| to);
        let mut looked = Looked {
            numbers: Numbers::look_up(shared, COMMIT, starts.chain(messages))?,
            left: Vec::new(),
        };
        if let Some(first) = turn.forget_before {
            looked.left = self.left_timers(COMMIT, &lock.instance, first).await?;
        }
        let mut turn = Some((turn, record));
        let mut commit = |is_loaded: bool| {
            shared.act(COMMIT, |state, disk, now| {
                if !is_loaded && !state.knows(&lock.instance) {
                    return None;
                }
                let (turn, record) = turn.take()?;
                let refreshed = looked.numbers.refresh(state, disk);
                if let Err(error) = refreshed {
                    return Some(Err(error.into_provider(COMMIT, &lock.instance)));
                }
                Some(state.commit_turn(lock, turn, record, &looked, now))
            })
        };
        let step = if let Some(step) = commit(false)? {
            step
        } else {
            shared.load(COMMIT, &lock.instance)?;
            commit(true)?.unwrap_or(Err(ProviderError::LockLost))
        };
        match step? {
            CommitStep::Applied(durable) => {
                until(COMMIT, durable).await?;
                Ok(Committed::Applied)
            }
            CommitStep::AlreadyApplied(durable) => {
                if let Some(durable) = durable {
                    until(COMMIT, durable).await?;
                }
                Ok(Committed::AlreadyApplied)
            }
        }
    }

    async fn abandon_turn(
        &self,
        lock: &TurnLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        let done = self.shared().act(GIVE_BACK, |state, _, now| {
            let instance = state.by_id.get(&lock.instance).copied();
            instance.is_some_and(|instance| {
                state.give_back_turn(
                    instance,
                    lock.epoch,
                    lock.token,
                    delay,
                    forget_attempt,
                    now.elapsed,
                )
            })
        })?;
        held(done)
    }

    async fn renew_turn(
        &self,
        lock: &TurnLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        let done = self.shared().act(RENEW, |state, _, now| {
            state.renew_turn(lock, lock_timeout, now.elapsed)
        })?;
        held(done)
    }

    async fn fetch_activities(
        &self,
        fetch: ActivityFetch,
    ) -> Result<Vec<ActivityItem>, ProviderError> {
        fetch::activities(self.shared(), fetch).await
    }

    async fn complete_activity(
        &self,
        lock: &ActivityLock,
        result: Result<String, ErrorDetails>,
    ) -> Result<(), ProviderError> {
        match &result {
            Ok(result) => self.limits().check_text("result", result)?,
            Err(details) => self.limits().check_failure(details)?,
        }
        let applied = self.shared().act(COMPLETE, |state, _, now| {
            state.complete_activity(lock, result, now)
        })?;
        let durable = applied.map_err(|error| unstorable(&error))?;
        until(COMPLETE, durable.ok_or(ProviderError::LockLost)?).await
    }

    async fn abandon_activity(
        &self,
        lock: &ActivityLock,
        delay: Duration,
        forget_attempt: bool,
    ) -> Result<(), ProviderError> {
        let done = self.shared().act(GIVE_BACK, |state, _, now| {
            state.give_back_activity(lock, delay, forget_attempt, now.elapsed)
        })?;
        held(done)
    }

    async fn renew_activity(
        &self,
        lock: &ActivityLock,
        lock_timeout: Duration,
    ) -> Result<(), ProviderError> {
        let done = self.shared().act(RENEW, |state, _, now| {
            state.renew_activity(lock, lock_timeout, now.elapsed)
        })?;
        held(done)
    }

    async fn read(
        &self,
        instance: &InstanceId,
        execution_id: ExecutionId,
        after: EventId,
        max: usize,
    ) -> Result<HistoryPage, ProviderError> {
        let instance = instance.clone();
        self.aside(READ, move |shared| {
            shared.read(READ, &instance, |disk| {
                reads::page(disk, &instance, execution_id, after, max)
            })
        })
        .await
    }

    async fn status(&self, instance: &InstanceId) -> Result<Option<InstanceStatus>, ProviderError> {
        let row = self
            .shared()
            .read(STATUS, instance, |disk| reads::instance(disk, instance))?;
        Ok(row.map(|(_, row)| row.status))
    }

    async fn wait(
        &self,
        instance: &InstanceId,
        seen: u64,
    ) -> Result<InstanceStatus, ProviderError> {
        let watch = Watch::new(self.shared(), instance, seen);
        loop {
            let news = watch.news();
            if watch.is_worth_a_look()
                && let Some(status) = self.status(instance).await?
                && (status.change > seen || status.state.is_terminal())
            {
                return Ok(status);
            }
            news.await;
        }
    }

    async fn renew_sessions(
        &self,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> Result<usize, ProviderError> {
        self.shared().act(RENEW, |state, _, now| {
            state.renew_sessions(owners, lock_timeout, idle_timeout, now.elapsed)
        })
    }

    async fn release_sessions(&self, owners: &[String]) -> Result<usize, ProviderError> {
        self.shared().act(GIVE_BACK, |state, _, now| {
            state.release_sessions(owners, now.elapsed)
        })
    }

    async fn kv(&self, instance: &InstanceId, key: &str) -> Result<Option<KvEntry>, ProviderError> {
        self.shared()
            .read(VALUES, instance, |disk| reads::value(disk, instance, key))
    }

    async fn kv_entries(&self, instance: &InstanceId) -> Result<Vec<KvEntry>, ProviderError> {
        let instance = instance.clone();
        self.aside(VALUES, move |shared| {
            shared.read(VALUES, &instance, |disk| reads::values(disk, &instance))
        })
        .await
    }

    fn admin(&self) -> Option<&dyn ProviderAdmin> {
        Some(self)
    }
}

impl RedbProvider {
    fn limits(&self) -> StoreLimits {
        self.shared().options.limits
    }

    /// Reads what may be long where it holds up no task.
    pub(crate) async fn aside<R: Send + 'static>(
        &self,
        operation: &'static str,
        read: impl FnOnce(&Shared) -> Result<R, ProviderError> + Send + 'static,
    ) -> Result<R, ProviderError> {
        let shared = Arc::clone(&self.handle.shared);
        let env = Arc::clone(&shared.options.env);
        let result = env::blocking(&*env, move || read(&shared)).await;
        result.unwrap_or_else(|| {
            let source = "redb panicked".into();
            Err(ProviderError::Unavailable { operation, source })
        })
    }
}

fn held(done: bool) -> Result<(), ProviderError> {
    if done {
        Ok(())
    } else {
        Err(ProviderError::LockLost)
    }
}
