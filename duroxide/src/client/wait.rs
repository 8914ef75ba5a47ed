//! Waiting for an instance: until it changes, without asking again and again, and no longer than told.

use std::time::Duration;

use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;

use crate::client::{Client, ClientError, OrchestrationStatus, parse_id};
use crate::codec::dynamic;
use crate::history::InstanceId;
use crate::provider::{InstanceStatus, ProviderError};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Client {
    /// Waits until the instance has ended, through continue-as-new and even before it is started.
    /// Wakes on the end; reads no history.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use duroxide::{Client, ClientError, OrchestrationStatus};
    /// async fn outcome(client: &Client, id: &str) -> Result<String, ClientError> {
    ///     match client.wait_for_orchestration(id, Duration::from_secs(30)).await? {
    ///         OrchestrationStatus::Completed { output, .. } => Ok(output),
    ///         other => Ok(format!("no output: {other:?}")),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::Timeout`] when `timeout` has passed; [`ClientError::InvalidInput`] for a bad
    /// id; [`ClientError::Provider`], though a store that is away for a moment is waited for.
    pub async fn wait_for_orchestration(
        &self,
        instance: &str,
        timeout: Duration,
    ) -> Result<OrchestrationStatus, ClientError> {
        let instance = parse_id(instance)?;
        let ended = self.within(timeout, self.ended(&instance)).await?;
        Ok(ended.into())
    }

    /// The same, and reads the output as a value: from JSON, or else from the text as a string. The
    /// inner `Err` is what a failed instance ended with, in words.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// # use std::time::Duration;
    /// async fn total(client: &Client, id: &str) -> Result<u64, ClientError> {
    ///     match client.wait_for_orchestration_typed(id, Duration::from_secs(30)).await? {
    ///         Ok(cents) => Ok(cents),
    ///         Err(reason) => {
    ///             println!("{id} failed: {reason}");
    ///             Ok(0)
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait_for_orchestration`](Self::wait_for_orchestration); an output of another type is
    /// [`ClientError::InvalidInput`].
    pub async fn wait_for_orchestration_typed<Out: DeserializeOwned>(
        &self,
        instance: &str,
        timeout: Duration,
    ) -> Result<Result<Out, String>, ClientError> {
        match self.wait_for_orchestration(instance, timeout).await? {
            OrchestrationStatus::Completed { output, .. } => {
                let output = dynamic::decode(&output).map_err(ClientError::unfit)?;
                Ok(Ok(output))
            }
            OrchestrationStatus::Failed { details, .. } => Ok(Err(details.display_message())),
            // Only ended instances come out of that wait.
            OrchestrationStatus::NotFound | OrchestrationStatus::Running { .. } => {
                Err(ClientError::Timeout)
            }
        }
    }

    /// Waits until the instance's custom status is newer than `last_seen_version`, or the instance has
    /// ended; also before it is started. Begin with 0 and go on with the version that came back.
    ///
    /// Wakes on the change. `poll_interval` is not needed for that and not used.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// # use std::time::Duration;
    /// async fn follow(client: &Client, id: &str) -> Result<(), ClientError> {
    ///     let (interval, patience) = (Duration::from_millis(100), Duration::from_secs(60));
    ///     let mut seen = 0;
    ///     loop {
    ///         let status = client.wait_for_status_change(id, seen, interval, patience).await?;
    ///         println!("{:?}", status.custom_status());
    ///         if status.is_terminal() {
    ///             return Ok(());
    ///         }
    ///         seen = status.custom_status_version();
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait_for_orchestration`](Self::wait_for_orchestration).
    pub async fn wait_for_status_change(
        &self,
        instance: &str,
        last_seen_version: u64,
        poll_interval: Duration,
        timeout: Duration,
    ) -> Result<OrchestrationStatus, ClientError> {
        let _ = poll_interval;
        let instance = parse_id(instance)?;
        let is_news = |status: &InstanceStatus| {
            status.custom_status_version > last_seen_version || status.state.is_terminal()
        };
        let news = self
            .within(timeout, self.watch(&instance, 0, is_news))
            .await?;
        Ok(news.into())
    }

    /// Whether there is such an instance. A store that is away is waited for.
    pub(super) async fn exists(&self, instance: &InstanceId) -> Result<bool, ClientError> {
        let mut pause = Pause::new(LONGEST_PAUSE);
        loop {
            match self.store.status(instance).await {
                Ok(status) => return Ok(status.is_some()),
                Err(error) => self.bear(error, &mut pause).await?,
            }
        }
    }

    /// Waits for the end of an instance.
    pub(super) async fn ended(&self, instance: &InstanceId) -> Result<InstanceStatus, ClientError> {
        let is_end = |status: &InstanceStatus| status.state.is_terminal();
        self.watch(instance, u64::MAX, is_end).await
    }

    /// Looks at the instance, and again at each change behind the one that was `seen`, until it is
    /// what is waited for. Not to be used for what an ended instance may never become.
    async fn watch(
        &self,
        instance: &InstanceId,
        mut seen: u64,
        is_it: impl Fn(&InstanceStatus) -> bool,
    ) -> Result<InstanceStatus, ClientError> {
        let mut pause = Pause::new(LONGEST_PAUSE);
        loop {
            match self.store.wait(instance, seen).await {
                Ok(status) if is_it(&status) => return Ok(status),
                Ok(status) => seen = seen.max(status.change),
                Err(error) => self.bear(error, &mut pause).await?,
            }
        }
    }

    /// Waits a little if the store may come back.
    pub(super) async fn bear(
        &self,
        error: ProviderError,
        pause: &mut Pause,
    ) -> Result<(), ClientError> {
        if !error.is_retryable() {
            return Err(error.into());
        }
        self.env.sleep(pause.next()).await;
        Ok(())
    }

    /// The outcome, if it comes in time.
    pub(super) async fn within<T>(
        &self,
        timeout: Duration,
        outcome: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, ClientError> {
        let outcome = std::pin::pin!(outcome);
        match select(outcome, self.env.sleep(timeout)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), _)) => Err(ClientError::Timeout),
        }
    }
}

/// Pauses that grow up to a limit.
#[derive(Debug)]
pub(super) struct Pause {
    next: Duration,
    longest: Duration,
}

impl Pause {
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            next: FIRST_PAUSE,
            longest,
        }
    }

    pub(super) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(self.longest);
        pause
    }
}
