//! How large an instance is.

/// How large one instance is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SystemStats {
    /// Events of the current execution.
    pub history_event_count: u64,
    /// Bytes of their texts.
    pub history_size_bytes: u64,
    /// Messages in its inbox, and queue messages that the code has not read.
    pub queue_pending_count: u64,
    /// Keys that it keeps values under.
    pub kv_user_key_count: u64,
    /// Bytes of these values.
    pub kv_total_value_bytes: u64,
}
