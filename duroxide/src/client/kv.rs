//! The values that instances keep, read from outside.

use std::collections::HashMap;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::client::wait::Pause;
use crate::client::{Client, ClientError, parse_id};
use crate::codec;
use crate::history::SystemStats;

/// How long a wait for a value lets at most pass between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl Client {
    /// The value that the instance keeps under a key, as far as it is durable; `None` if there is
    /// none, or no such instance.
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
    /// is started. Looks again every 5 to 100 milliseconds.
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
        let value = async {
            let mut pause = Pause::new(LONGEST_PAUSE);
            loop {
                match self.store.kv(&instance, key).await {
                    Ok(Some(entry)) => return Ok(entry.value),
                    Ok(None) => self.env.sleep(pause.next()).await,
                    Err(error) => self.bear(error, &mut pause).await?,
                }
            }
        };
        self.within(timeout, value).await
    }

    /// The same as a value of that type, from JSON.
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
