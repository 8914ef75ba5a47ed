//! The envelope around every stored value: twelve bytes that say what follows and whether it is
//! whole. Must not know: what a body means (see `bodies`).

/// The only header layout so far; names the codec of the body too. 0 and 255 are never used.
const FORMAT: u8 = 1;
/// Bytes before the body.
pub(crate) const HEADER_BYTES: usize = 12;
/// The largest body that is ever written or read.
pub(crate) const MAX_BODY_BYTES: usize = 16 << 20;

/// Names one frozen struct *and* its version. Append only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind(pub(crate) u16);

impl Kind {
    pub(crate) const INCARNATION_V1: Self = Self(1);
    pub(crate) const INSTANCE_V1: Self = Self(2);
    pub(crate) const TURN_V1: Self = Self(3);
    pub(crate) const MESSAGE_V1: Self = Self(4);
    pub(crate) const ACTIVITY_V1: Self = Self(5);
    pub(crate) const TIMER_V1: Self = Self(6);
    pub(crate) const ATTEMPTS_V1: Self = Self(7);
    pub(crate) const QUIET_TURN_V1: Self = Self(8);
    pub(crate) const CUSTOM_STATUS_V1: Self = Self(9);
    pub(crate) const VALUE_V1: Self = Self(10);
    pub(crate) const JOURNAL_V1: Self = Self(11);

    /// The newest kind that this version knows.
    const LAST: Self = Self::JOURNAL_V1;
}

/// Why stored bytes cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RecordError {
    /// The bytes are not what was written.
    #[error("{0}")]
    Corrupt(String),
    /// Whole, but written by a later version of this library.
    #[error("record kind {kind} with flags {flags} was written by a newer version")]
    Newer { kind: u16, flags: u8 },
}

impl RecordError {
    pub(crate) fn corrupt(problem: impl Into<String>) -> Self {
        Self::Corrupt(problem.into())
    }
}

/// Puts the envelope around a body; `write` appends the body.
pub(crate) fn seal<E>(
    kind: Kind,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let mut record = Vec::with_capacity(128);
    record.resize(HEADER_BYTES, 0);
    write(&mut record)?;
    let body_bytes = record.len().saturating_sub(HEADER_BYTES);
    // A body above `u32` is refused by the limits before it gets here; it could never be read.
    let len = u32::try_from(body_bytes).unwrap_or(u32::MAX);
    let mut head = [0_u8; 8];
    let [format, k0, k1, _flags, len_at @ ..] = &mut head;
    *format = FORMAT;
    [*k0, *k1] = kind.0.to_le_bytes();
    *len_at = len.to_le_bytes();
    let (header, body) = record.split_at_mut(HEADER_BYTES);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&head), body);
    let (front, back) = header.split_at_mut(head.len());
    front.copy_from_slice(&head);
    back.copy_from_slice(&crc.to_le_bytes());
    Ok(record)
}

/// Checks the envelope and gives the body.
pub(crate) fn unseal(expected: Kind, record: &[u8]) -> Result<&[u8], RecordError> {
    let Some((head, rest)) = record.split_first_chunk::<8>() else {
        return Err(too_short(record));
    };
    let Some((crc, body)) = rest.split_first_chunk::<4>() else {
        return Err(too_short(record));
    };
    let [format, k0, k1, flags, len @ ..] = *head;
    if format != FORMAT {
        return Err(RecordError::corrupt(format!(
            "record format {format} is unknown"
        )));
    }
    let len = u32::from_le_bytes(len) as usize;
    if len != body.len() || len > MAX_BODY_BYTES {
        return Err(RecordError::corrupt(format!(
            "record says {len} bytes and has {}",
            body.len()
        )));
    }
    if crc32c::crc32c_append(crc32c::crc32c(head), body) != u32::from_le_bytes(*crc) {
        return Err(RecordError::corrupt("checksum is wrong"));
    }
    let kind = u16::from_le_bytes([k0, k1]);
    if kind > Kind::LAST.0 || flags != 0 {
        return Err(RecordError::Newer { kind, flags });
    }
    if kind != expected.0 {
        return Err(RecordError::corrupt(format!(
            "record kind is {kind} where {} belongs",
            expected.0
        )));
    }
    Ok(body)
}

fn too_short(record: &[u8]) -> RecordError {
    RecordError::corrupt(format!("record has {} bytes only", record.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<u8> {
        let body = |to: &mut Vec<u8>| {
            to.extend_from_slice(b"hi");
            Ok::<(), RecordError>(())
        };
        seal(Kind::TIMER_V1, body).unwrap()
    }

    #[test]
    fn the_envelope_has_its_documented_bytes() {
        let record = sealed();
        assert_eq!(record[..8], [1, 6, 0, 0, 2, 0, 0, 0]);
        assert_eq!(&record[12..], b"hi");
        assert_eq!(unseal(Kind::TIMER_V1, &record).unwrap(), b"hi");
    }

    #[test]
    fn a_flipped_bit_is_found_wherever_it_is() {
        let record = sealed();
        for bit in 0..record.len() * 8 {
            let mut flipped = record.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let result = unseal(Kind::TIMER_V1, &flipped);
            assert!(matches!(result, Err(RecordError::Corrupt(_))), "bit {bit}");
        }
        for cut in 0..record.len() {
            assert!(unseal(Kind::TIMER_V1, &record[..cut]).is_err());
        }
    }

    #[test]
    fn an_unknown_kind_is_newer_and_a_wrong_kind_is_corrupt() {
        let newer = seal(Kind(900), |_| Ok::<(), RecordError>(())).unwrap();
        let wrong = seal(Kind::TURN_V1, |_| Ok::<(), RecordError>(())).unwrap();
        let newer = unseal(Kind::TIMER_V1, &newer).unwrap_err();
        assert_eq!(
            newer,
            RecordError::Newer {
                kind: 900,
                flags: 0
            }
        );
        assert!(unseal(Kind::TIMER_V1, &wrong).is_err());
    }
}
