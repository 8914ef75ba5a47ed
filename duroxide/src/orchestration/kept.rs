//! The verbs for what an instance shows and keeps: its custom status, values under keys, and how
//! large it is.

use std::collections::HashMap;
use std::panic::Location;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec;
use crate::engine::ActivityCall;
use crate::history::SystemStats;
use crate::orchestration::activities::decoded;
use crate::orchestration::{DurableFuture, OrchestrationContext};
use crate::time::Timestamp;

/// The activity, answered by the runtime itself, that reads a value of another instance.
const READ_KV: &str = "__duroxide_syscall:read_kv";

#[derive(Serialize)]
struct ReadKv<'a> {
    instance: &'a str,
    key: &'a str,
}

impl OrchestrationContext {
    /// Shows a status to whoever watches this instance. It is on disk with the turn that set it, and
    /// goes on to the next execution. At most 256 KiB (`Limits::custom_status_bytes`): a longer one
    /// fails the instance when it comes to rest.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn build(ctx: &OrchestrationContext, parts: u32) -> Result<(), String> {
    ///     for part in 1..=parts {
    ///         ctx.schedule_timer(Duration::from_secs(1)).await;
    ///         ctx.set_custom_status(format!("{part} of {parts}"));
    ///     }
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn set_custom_status(&self, status: impl Into<String>) {
        let status = Some(status.into());
        self.turn.set_custom_status(status, Location::caller());
    }

    /// Takes the status back.
    ///
    /// An example stands at [`get_custom_status`](Self::get_custom_status).
    #[track_caller]
    pub fn reset_custom_status(&self) {
        self.turn.set_custom_status(None, Location::caller());
    }

    /// The status that was set last, by an earlier execution too.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn build(ctx: &OrchestrationContext) -> Result<Option<String>, String> {
    ///     ctx.set_custom_status("half done");
    ///     let shown = ctx.get_custom_status(); // what it shows itself, at once
    ///     ctx.reset_custom_status();
    ///     Ok(shown)
    /// }
    /// ```
    pub fn get_custom_status(&self) -> Option<String> {
        self.turn.custom_status()
    }

    /// Keeps a value under a key: for clients, which see it as soon as the turn is on disk, and for
    /// later executions of this instance. At most 150 keys with 64 KiB each (`Limits`); beyond, the
    /// instance fails when it comes to rest.
    ///
    /// An example stands at [`get_kv_value`](Self::get_kv_value).
    #[track_caller]
    pub fn set_kv_value(&self, key: impl Into<String>, value: impl Into<String>) {
        self.turn
            .set_kv(key.into(), value.into(), Location::caller());
    }

    /// The same with a value that is kept as JSON. One that does not encode fails the instance when
    /// it comes to rest.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn count(ctx: &OrchestrationContext) -> Result<u64, String> {
    ///     let seen: u64 = ctx.get_kv_value_typed("seen")?.unwrap_or_default();
    ///     ctx.set_kv_value_typed("seen", &(seen + 1));
    ///     Ok(seen + 1)
    /// }
    /// ```
    #[track_caller]
    pub fn set_kv_value_typed<T: Serialize + ?Sized>(&self, key: impl Into<String>, value: &T) {
        match codec::encode(value) {
            Ok(value) => self.turn.set_kv(key.into(), value, Location::caller()),
            Err(error) => self.turn.reject(error.to_string()),
        }
    }

    /// The value under a key, as this instance left it.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn visit(ctx: OrchestrationContext, guest: String) -> Result<String, String> {
    ///     let before = ctx.get_kv_value("guest"); // an earlier execution's too
    ///     ctx.set_kv_value("guest", guest);
    ///     Ok(before.unwrap_or_else(|| "nobody".to_owned()))
    /// }
    /// ```
    pub fn get_kv_value(&self, key: &str) -> Option<String> {
        self.turn.kv(key)
    }

    /// The same, read from JSON.
    ///
    /// An example stands at [`set_kv_value_typed`](Self::set_kv_value_typed).
    ///
    /// # Errors
    ///
    /// The type and the path to what does not fit.
    pub fn get_kv_value_typed<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, String> {
        let value = self.turn.kv(key);
        let decoded = value.map(|value| codec::decode(&value).map_err(|error| error.to_string()));
        decoded.transpose()
    }

    /// All values. The order of a `HashMap` differs from run to run: for a loop take
    /// [`get_kv_all_keys`](Self::get_kv_all_keys).
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn inventory(ctx: &OrchestrationContext) -> Result<usize, String> {
    ///     ctx.set_kv_value("apples", "7");
    ///     ctx.set_kv_value("pears", "0");
    ///     let sold_out = duroxide::sorted(ctx.get_kv_all_values()).into_iter().filter(|(_, left)| left == "0");
    ///     for (item, _) in sold_out {
    ///         ctx.clear_kv_value(item);
    ///     }
    ///     Ok(ctx.get_kv_length())
    /// }
    /// ```
    pub fn get_kv_all_values(&self) -> HashMap<String, String> {
        let entries = self.turn.kv_entries().into_iter();
        entries.map(|entry| (entry.key, entry.value)).collect()
    }

    /// All keys, in order.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn restock(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     for item in ctx.get_kv_all_keys() {
    ///         ctx.schedule_activity("restock", item).await?; // in the same order on every replay
    ///     }
    ///     Ok(format!("{} items", ctx.get_kv_length()))
    /// }
    /// ```
    pub fn get_kv_all_keys(&self) -> Vec<String> {
        let entries = self.turn.kv_entries().into_iter();
        entries.map(|entry| entry.key).collect()
    }

    /// How many keys there are.
    ///
    /// An example stands at [`get_kv_all_keys`](Self::get_kv_all_keys).
    pub fn get_kv_length(&self) -> usize {
        self.turn.kv_entries().len()
    }

    /// Removes the value under a key.
    ///
    /// An example stands at [`get_kv_all_values`](Self::get_kv_all_values).
    #[track_caller]
    pub fn clear_kv_value(&self, key: impl Into<String>) {
        self.turn.clear_kv(&key.into(), Location::caller());
    }

    /// Removes all values.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn close(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     ctx.set_kv_value("draft", "..");
    ///     ctx.clear_all_kv_values();
    ///     Ok(format!("{} values are left", ctx.get_kv_length()))
    /// }
    /// ```
    #[track_caller]
    pub fn clear_all_kv_values(&self) {
        self.turn.clear_all_kv(Location::caller());
    }

    /// Removes the values that were written before that time, in milliseconds since 1970; gives how
    /// many. Times are those at which messages were consumed, so this replays the same.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// # use std::time::{Duration, SystemTime};
    /// async fn forget(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     let now = ctx.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    ///     let a_week_ago = now.saturating_sub(Duration::from_secs(7 * 24 * 3600));
    ///     let gone = ctx.prune_kv_values_updated_before(a_week_ago.as_millis() as u64);
    ///     Ok(format!("{gone} old values are gone"))
    /// }
    /// ```
    #[track_caller]
    pub fn prune_kv_values_updated_before(&self, updated_before_ms: u64) -> usize {
        let before = Timestamp::from_millis(updated_before_ms);
        self.turn.prune_kv(before, Location::caller())
    }

    /// Reads a value of another instance, as it is on disk when a worker gets to it. `None` if there
    /// is no such key or instance.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn ship(ctx: OrchestrationContext, order: String) -> Result<String, String> {
    ///     let address = ctx.get_kv_value_from_instance(order, "address").await?;
    ///     ctx.schedule_activity("ship_to", address.ok_or("the order has no address")?).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The future gives the store's error.
    #[track_caller]
    pub fn get_kv_value_from_instance(
        &self,
        instance_id: impl Into<String>,
        key: impl Into<String>,
    ) -> DurableFuture<Result<Option<String>, String>> {
        let (instance, key) = (instance_id.into(), key.into());
        let asked = codec::encode(&ReadKv {
            instance: &instance,
            key: &key,
        });
        let input = match asked {
            Ok(input) => input,
            Err(error) => return self.refused(Err(error.to_string())),
        };
        let call = ActivityCall {
            name: READ_KV.to_owned(),
            input,
            ..ActivityCall::default()
        };
        let asked = self.turn.ask_the_runtime(call, Location::caller());
        DurableFuture::call(self.turn.clone(), asked).map(|answer| {
            let json = answer.map_err(|details| details.display_message())?;
            codec::decode(&json).map_err(|error| error.to_string())
        })
    }

    /// The same, read from JSON.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn charge(ctx: OrchestrationContext, order: String) -> Result<String, String> {
    ///     let cents: Option<u64> = ctx.get_kv_value_from_instance_typed(order, "cents").await?;
    ///     Ok(format!("{} cents", cents.unwrap_or_default()))
    /// }
    /// ```
    #[track_caller]
    pub fn get_kv_value_from_instance_typed<T: DeserializeOwned + Send + 'static>(
        &self,
        instance_id: impl Into<String>,
        key: impl Into<String>,
    ) -> DurableFuture<Result<Option<T>, String>> {
        self.get_kv_value_from_instance(instance_id, key)
            .map(|value| value?.map(|json| decoded(&json)).transpose())
    }

    /// How large this instance is: what its history says about it up to the message under way, so
    /// that it replays the same. Always there.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn serve(ctx: OrchestrationContext, input: String) -> Result<String, String> {
    ///     loop {
    ///         let request = ctx.dequeue_event("requests").await;
    ///         ctx.schedule_activity("answer", request).await?;
    ///         if ctx.get_system_stats().is_some_and(|stats| stats.history_event_count > 10_000) {
    ///             return ctx.continue_as_new(input).await;
    ///         }
    ///     }
    /// }
    /// ```
    pub fn get_system_stats(&self) -> Option<SystemStats> {
        Some(self.turn.stats())
    }
}
