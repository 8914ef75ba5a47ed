//! A store that is not there: whoever asks is told why.

use std::time::Duration;

use async_trait::async_trait;

use crate::history::{ErrorDetails, EventId, ExecutionId, InstanceId, KvEntry, Message, Start};
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, Committed, Enqueued, HistoryPage, InstanceStatus,
    Provider, ProviderError, StartOutcome, TurnCommit, TurnFetch, TurnItem, TurnLock,
};

type Answer<T> = Result<T, ProviderError>;

/// Refuses everything, with these words.
#[derive(Debug)]
pub(crate) struct Nowhere(pub(crate) String);

impl Nowhere {
    fn refuse<T>(&self) -> Answer<T> {
        Err(ProviderError::Refused(self.0.clone()))
    }
}

#[async_trait]
impl Provider for Nowhere {
    fn describe(&self) -> String {
        "no store".to_owned()
    }
    async fn start(&self, _: &InstanceId, _: Start) -> Answer<StartOutcome> {
        self.refuse()
    }
    async fn enqueue(&self, _: &InstanceId, _: u128, _: Message) -> Answer<Enqueued> {
        self.refuse()
    }
    /// A runtime that fetches from nowhere rests.
    async fn fetch_turns(&self, _: TurnFetch) -> Answer<Vec<TurnItem>> {
        Err(ProviderError::Closed)
    }
    async fn commit_turn(&self, _: &TurnLock, _: TurnCommit) -> Answer<Committed> {
        self.refuse()
    }
    async fn abandon_turn(&self, _: &TurnLock, _: Duration, _: bool) -> Answer<()> {
        self.refuse()
    }
    async fn renew_turn(&self, _: &TurnLock, _: Duration) -> Answer<()> {
        self.refuse()
    }
    async fn fetch_activities(&self, _: ActivityFetch) -> Answer<Vec<ActivityItem>> {
        Err(ProviderError::Closed)
    }
    async fn complete_activity(
        &self,
        _: &ActivityLock,
        _: Result<String, ErrorDetails>,
    ) -> Answer<()> {
        self.refuse()
    }
    async fn abandon_activity(&self, _: &ActivityLock, _: Duration, _: bool) -> Answer<()> {
        self.refuse()
    }
    async fn renew_activity(&self, _: &ActivityLock, _: Duration) -> Answer<()> {
        self.refuse()
    }
    async fn release_sessions(&self, _: &[String]) -> Answer<usize> {
        self.refuse()
    }
    async fn renew_sessions(&self, _: &[String], _: Duration, _: Duration) -> Answer<usize> {
        self.refuse()
    }
    async fn read(
        &self,
        _: &InstanceId,
        _: ExecutionId,
        _: EventId,
        _: usize,
    ) -> Answer<HistoryPage> {
        self.refuse()
    }
    async fn status(&self, _: &InstanceId) -> Answer<Option<InstanceStatus>> {
        self.refuse()
    }
    async fn wait(&self, _: &InstanceId, _: u64) -> Answer<InstanceStatus> {
        self.refuse()
    }
    async fn kv(&self, _: &InstanceId, _: &str) -> Answer<Option<KvEntry>> {
        self.refuse()
    }
    async fn kv_entries(&self, _: &InstanceId) -> Answer<Vec<KvEntry>> {
        self.refuse()
    }
}
