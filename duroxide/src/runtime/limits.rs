//! The limits that programs name. The same numbers are the defaults of
//! [`Limits`](crate::engine::Limits).

/// How many unread queue messages go on to the next execution: all of them.
pub const MAX_CARRY_FORWARD_EVENTS: usize = usize::MAX;
/// Bytes of the custom status.
pub const MAX_CUSTOM_STATUS_BYTES: usize = 256 << 10;
/// How many tags one worker takes: any number.
pub const MAX_WORKER_TAGS: usize = usize::MAX;
/// Bytes of a tag's name.
pub const MAX_TAG_NAME_BYTES: usize = 256;
/// Keys that one instance keeps values under.
pub const MAX_KV_KEYS: usize = 150;
/// Bytes of one value.
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
