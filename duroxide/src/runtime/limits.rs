//! The limits that programs name. The same numbers are the defaults of
//! [`Limits`](crate::engine::Limits).

/// How many unread queue messages go on to the next execution: all of them.
///
/// ```
/// use duroxide::runtime::limits::MAX_CARRY_FORWARD_EVENTS;
///
/// /// How many of the messages that nobody read the next execution has.
/// fn carried(unread: usize) -> usize {
///     unread.min(MAX_CARRY_FORWARD_EVENTS)
/// }
/// assert_eq!(carried(1_000_000), 1_000_000);
/// ```
pub const MAX_CARRY_FORWARD_EVENTS: usize = usize::MAX;
/// Bytes of the custom status.
///
/// ```
/// use duroxide::engine::Limits;
/// use duroxide::runtime::limits::{MAX_CUSTOM_STATUS_BYTES, MAX_KV_KEYS, MAX_KV_VALUE_BYTES};
///
/// let limits = Limits::default();
/// assert_eq!(limits.custom_status_bytes, MAX_CUSTOM_STATUS_BYTES);
/// assert_eq!(limits.kv_keys, MAX_KV_KEYS);
/// assert_eq!(limits.kv_value_bytes, MAX_KV_VALUE_BYTES);
/// ```
pub const MAX_CUSTOM_STATUS_BYTES: usize = 256 << 10;
/// How many tags one worker takes: any number.
///
/// ```
/// use duroxide::runtime::limits::MAX_WORKER_TAGS;
/// use duroxide::{RuntimeOptions, TagFilter};
///
/// let tags = (1..=1_000).map(|machine| format!("machine-{machine}"));
/// let worker_tag_filter = TagFilter::tags(tags.take(MAX_WORKER_TAGS));
/// let options = RuntimeOptions { worker_tag_filter, ..Default::default() };
/// assert!(options.problems().is_empty());
/// ```
pub const MAX_WORKER_TAGS: usize = usize::MAX;
/// Bytes of a tag's name.
///
/// ```
/// use duroxide::runtime::limits::MAX_TAG_NAME_BYTES;
/// use duroxide::{RuntimeOptions, TagFilter};
///
/// let worker_tag_filter = TagFilter::tags(["x".repeat(MAX_TAG_NAME_BYTES + 1)]);
/// let options = RuntimeOptions { worker_tag_filter, ..Default::default() };
/// assert_eq!(options.problems().len(), 1);
/// ```
pub const MAX_TAG_NAME_BYTES: usize = 256;
/// Keys that one instance keeps values under.
///
/// An example stands at [`MAX_CUSTOM_STATUS_BYTES`].
pub const MAX_KV_KEYS: usize = 150;
/// Bytes of one value.
///
/// An example stands at [`MAX_CUSTOM_STATUS_BYTES`].
pub const MAX_KV_VALUE_BYTES: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Limits;

    #[test]
    fn the_numbers_are_the_defaults() {
        let limits = Limits::default();
        assert_eq!(limits.custom_status_bytes, MAX_CUSTOM_STATUS_BYTES);
        assert_eq!(limits.kv_keys, MAX_KV_KEYS);
        assert_eq!(limits.kv_value_bytes, MAX_KV_VALUE_BYTES);
    }
}
