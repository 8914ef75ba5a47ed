//! How large an instance is.

/// How large one instance is.
///
/// ```
/// use duroxide::SystemStats;
///
/// fn in_words(stats: &SystemStats) -> String {
///     let (events, bytes) = (stats.history_event_count, stats.history_size_bytes);
///     let (keys, kept) = (stats.kv_user_key_count, stats.kv_total_value_bytes);
///     let unread = stats.queue_pending_count;
///     format!("{events} events ({bytes} bytes), {keys} values ({kept} bytes), {unread} unread")
/// }
/// # let empty = "0 events (0 bytes), 0 values (0 bytes), 0 unread";
/// # assert_eq!(in_words(&SystemStats::default()), empty);
/// ```
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
