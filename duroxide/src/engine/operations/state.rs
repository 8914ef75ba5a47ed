//! What an instance shows and keeps: its custom status, and values under keys. Both follow from the
//! history alone: what earlier executions left stands in the first event.

use std::collections::BTreeMap;
use std::panic::Location;

use crate::engine::TurnHandle;
use crate::engine::turn_state::TurnState;
use crate::history::{Event, EventKind, KvEntry, SystemStats};
use crate::time::Timestamp;

/// What an instance shows and keeps.
#[derive(Debug, Default)]
pub(in crate::engine) struct Kept {
    pub(in crate::engine) custom_status: Option<String>,
    pub(in crate::engine) kv: BTreeMap<String, KvEntry>,
}

impl Kept {
    pub(in crate::engine) fn entries(&self) -> Vec<KvEntry> {
        self.kv.values().cloned().collect()
    }
}

impl TurnHandle {
    /// Shows a status to whoever watches the instance; `None` takes it back.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// Shows how far it is, unless that stands there already.
    /// fn show(turn: &TurnHandle, done: usize) {
    ///     let status = Some(format!("{done} of 10 are done"));
    ///     if turn.custom_status() != status {
    ///         turn.set_custom_status(status, Location::caller());
    ///     }
    /// }
    /// ```
    pub fn set_custom_status(&self, status: Option<String>, at: &'static Location<'static>) {
        let limit = self.lock().limits.custom_status_bytes;
        if let Some(too_long) = status.as_ref().filter(|status| status.len() > limit) {
            let bytes = too_long.len();
            return self.reject(format!(
                "the custom status has {bytes} bytes; {limit} are allowed"
            ));
        }
        let kind = EventKind::CustomStatusUpdated {
            status: status.clone(),
        };
        if self.ask(kind, at).is_some() {
            self.lock().kept.custom_status = status;
        }
    }

    /// The status that was set last.
    pub fn custom_status(&self) -> Option<String> {
        self.lock().kept.custom_status.clone()
    }

    /// Keeps a value under a key. Beyond a limit the execution fails when it comes to rest.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::TurnHandle;
    ///
    /// fn count_up(turn: &TurnHandle) {
    ///     let before = turn.kv("count").and_then(|text| text.parse::<u64>().ok());
    ///     let count = before.map_or(1, |before| before + 1);
    ///     turn.set_kv("count".to_owned(), count.to_string(), Location::caller());
    /// }
    /// ```
    pub fn set_kv(&self, key: String, value: String, at: &'static Location<'static>) {
        // Bound first: refusing takes the lock again.
        let problem = self.lock().kv_problem(&key, &value);
        if let Some(problem) = problem {
            return self.reject(problem);
        }
        let kind = EventKind::KeyValueSet {
            key: key.clone(),
            value: value.clone(),
        };
        if self.ask(kind, at).is_none() {
            return;
        }
        let mut state = self.lock();
        let updated_at = state.now;
        let entry = KvEntry {
            key: key.clone(),
            value,
            updated_at,
        };
        state.kept.kv.insert(key, entry);
    }

    /// The value under a key.
    pub fn kv(&self, key: &str) -> Option<String> {
        let state = self.lock();
        state.kept.kv.get(key).map(|entry| entry.value.clone())
    }

    /// All values, in the order of their keys.
    pub fn kv_entries(&self) -> Vec<KvEntry> {
        self.lock().kept.entries()
    }

    /// Removes the value under a key. Removing what is not there is recorded too.
    pub fn clear_kv(&self, key: &str, at: &'static Location<'static>) {
        let kind = EventKind::KeyValueCleared {
            key: key.to_owned(),
        };
        if self.ask(kind, at).is_some() {
            self.lock().kept.kv.remove(key);
        }
    }

    /// Removes all values.
    pub fn clear_all_kv(&self, at: &'static Location<'static>) {
        if self.ask(EventKind::KeyValuesCleared, at).is_some() {
            self.lock().kept.kv.clear();
        }
    }

    /// Removes the values that were written before that time; gives how many.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// Forgets the draft and what is older than this message; all, if too much is left.
    /// fn tidy(turn: &TurnHandle) {
    ///     turn.clear_kv("draft", Location::caller());
    ///     turn.prune_kv(turn.now(), Location::caller());
    ///     if turn.kv_entries().len() > 100 {
    ///         turn.clear_all_kv(Location::caller());
    ///     }
    /// }
    /// ```
    pub fn prune_kv(&self, before: Timestamp, at: &'static Location<'static>) -> usize {
        let entries = self.kv_entries().into_iter();
        let old: Vec<String> = entries
            .filter(|entry| entry.updated_at < before)
            .map(|entry| entry.key)
            .collect();
        let count = old.len();
        for key in old {
            self.clear_kv(&key, at);
        }
        count
    }
}

impl TurnHandle {
    /// How large the instance is, up to the message under way.
    ///
    /// ```
    /// # use duroxide::engine::TurnHandle;
    /// /// Begins anew once the history is long.
    /// fn start_over(turn: &TurnHandle, input: String) {
    ///     if turn.stats().history_event_count > 10_000 {
    ///         turn.continue_as_new(input, None);
    ///     }
    /// }
    /// ```
    pub fn stats(&self) -> SystemStats {
        let state = self.lock();
        let values = state.kept.kv.values().map(|entry| entry.value.len());
        SystemStats {
            history_event_count: state.last_event_id().0,
            history_size_bytes: state.history_bytes as u64,
            queue_pending_count: state.queues.unread_count() as u64,
            kv_user_key_count: state.kept.kv.len() as u64,
            kv_total_value_bytes: values.sum::<usize>() as u64,
        }
    }
}

impl TurnState {
    /// What a replay must never do: knows the values as these events leave them.
    pub(in crate::engine) fn read_ahead(&mut self, events: &[Event]) {
        for event in events {
            if let EventKind::KeyValueSet { key, value } = &event.kind {
                let entry = KvEntry {
                    key: key.clone(),
                    value: value.clone(),
                    updated_at: event.timestamp,
                };
                self.kept.kv.insert(key.clone(), entry);
            }
        }
    }

    fn kv_problem(&self, key: &str, value: &str) -> Option<String> {
        let limits = &self.limits;
        let count = self.kept.kv.len();
        if key.len() > limits.kv_key_bytes {
            let bytes = key.len();
            let allowed = limits.kv_key_bytes;
            return Some(format!("a key has {bytes} bytes; {allowed} are allowed"));
        }
        if value.len() > limits.kv_value_bytes {
            return Some(format!(
                "the value under `{key}` has {} bytes; {} are allowed",
                value.len(),
                limits.kv_value_bytes
            ));
        }
        (count >= limits.kv_keys && !self.kept.kv.contains_key(key)).then(|| {
            format!(
                "`{key}` would be key number {}; {} are allowed",
                count.saturating_add(1),
                limits.kv_keys
            )
        })
    }
}
