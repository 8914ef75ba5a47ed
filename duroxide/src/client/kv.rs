//! The values that instances keep, read from outside.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;

use crate::client::wait::Pause;
use crate::client::{Client, ClientError, parse_id};
use crate::codec;
use crate::history::{InstanceId, SystemStats};
use crate::provider::{InstanceStatus, ProviderError};

/// How long a wait lets at most pass between two looks at what no change tells it of: a store that is
/// away, and another instance under an id that was deleted.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Client {
    /// The value that the instance keeps under a key, as far as it is durable; `None` if there is
    /// none, or no such instance.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn address(client: &Client, id: &str) -> Result<String, ClientError> {
    ///     let address = client.get_kv_value(id, "address").await?;
    ///     Ok(address.unwrap_or_else(|| "not known yet".to_owned()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::InvalidInput`] for a bad id; [`ClientError::Provider`].
    pub async fn get_kv_value(
        &self,
        instance: &str,
        key: &str,
    ) -> Result<Option<String>, ClientError> {
        let entry = self.store.kv(&parse_id(instance)?, key).await?;
        Ok(entry.map(|entry| entry.value))
    }

    /// The same as a value of that type, from JSON.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn seen(client: &Client, id: &str) -> Result<u64, ClientError> {
    ///     Ok(client.get_kv_value_typed(id, "seen").await?.unwrap_or_default())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_kv_value`](Self::get_kv_value); a value of another type is
    /// [`ClientError::InvalidInput`].
    pub async fn get_kv_value_typed<T: DeserializeOwned>(
        &self,
        instance: &str,
        key: &str,
    ) -> Result<Option<T>, ClientError> {
        let value = self.get_kv_value(instance, key).await?;
        let value = value.map(|value| codec::decode(&value)).transpose();
        value.map_err(ClientError::unfit)
    }

    /// All values that the instance keeps, by their keys.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn inventory(client: &Client, id: &str) -> Result<(), ClientError> {
    ///     for (item, left) in duroxide::sorted(client.get_kv_all_values(id).await?) {
    ///         println!("{left} {item}");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_kv_value`](Self::get_kv_value).
    pub async fn get_kv_all_values(
        &self,
        instance: &str,
    ) -> Result<HashMap<String, String>, ClientError> {
        let entries = self.store.kv_entries(&parse_id(instance)?).await?;
        let values = entries.into_iter().map(|entry| (entry.key, entry.value));
        Ok(values.collect())
    }

    /// Waits until the instance keeps a value under that key, and gives it; also before the instance
    /// is started. Wakes on the change; reads no history.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// # use std::time::Duration;
    /// async fn address(client: &Client, id: &str) -> Result<String, ClientError> {
    ///     client.wait_for_kv_value(id, "address", Duration::from_secs(60)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::Timeout`] when `timeout` has passed, also if the instance has ended and the
    /// value can never come; else as [`get_kv_value`](Self::get_kv_value), though a store that is
    /// away for a moment is waited for.
    pub async fn wait_for_kv_value(
        &self,
        instance: &str,
        key: &str,
        timeout: Duration,
    ) -> Result<String, ClientError> {
        let instance = parse_id(instance)?;
        self.within(timeout, self.kept(&instance, key)).await
    }

    /// Looks at the value, and again with each change of the instance.
    async fn kept(&self, instance: &InstanceId, key: &str) -> Result<String, ClientError> {
        let mut pause = Pause::new(LONGEST_PAUSE);
        let mut seen = 0;
        loop {
            // Asked first: a change behind it is not missed.
            let status = match self.changed(instance, seen).await {
                Ok(status) => status,
                Err(error) => {
                    self.bear(error, &mut pause).await?;
                    continue;
                }
            };
            match self.store.kv(instance, key).await {
                Ok(Some(entry)) => return Ok(entry.value),
                Ok(None) => {}
                Err(error) => {
                    self.bear(error, &mut pause).await?;
                    continue;
                }
            }
            seen = match status {
                Some(status) if !status.state.is_terminal() => status.change,
                // Nothing is to come, unless the id is given again.
                Some(_ended) => {
                    self.env.sleep(LONGEST_PAUSE).await;
                    0
                }
                None => 0,
            };
        }
    }

    /// The instance behind a change that was seen. `None` if there was none for a while: whoever was
    /// looked at may be deleted, and another one in its place, which counts anew.
    async fn changed(
        &self,
        instance: &InstanceId,
        seen: u64,
    ) -> Result<Option<InstanceStatus>, ProviderError> {
        let change = self.store.wait(instance, seen);
        match select(change, self.env.sleep(LONGEST_PAUSE)).await {
            Either::Left((status, _)) => status.map(Some),
            Either::Right(((), _)) => Ok(None),
        }
    }

    /// The same as a value of that type, from JSON.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// # use std::time::Duration;
    /// async fn total(client: &Client, id: &str) -> Result<u64, ClientError> {
    ///     client.wait_for_kv_value_typed(id, "cents", Duration::from_secs(60)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait_for_kv_value`](Self::wait_for_kv_value); a value of another type is
    /// [`ClientError::InvalidInput`].
    pub async fn wait_for_kv_value_typed<T: DeserializeOwned>(
        &self,
        instance: &str,
        key: &str,
        timeout: Duration,
    ) -> Result<T, ClientError> {
        let value = self.wait_for_kv_value(instance, key, timeout).await?;
        codec::decode(&value).map_err(ClientError::unfit)
    }

    /// How large the instance is now; `None` if there is none.
    ///
    /// ```
    /// # use duroxide::{Client, ClientError};
    /// async fn is_large(client: &Client, id: &str) -> Result<bool, ClientError> {
    ///     let stats = client.get_orchestration_stats(id).await?;
    ///     Ok(stats.is_some_and(|stats| stats.history_event_count > 10_000))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClientError::ManagementNotAvailable`]; [`ClientError::InvalidInput`] for a bad id;
    /// [`ClientError::Provider`].
    pub async fn get_orchestration_stats(
        &self,
        instance: &str,
    ) -> Result<Option<SystemStats>, ClientError> {
        Ok(self.admin()?.stats(&parse_id(instance)?).await?)
    }
}
