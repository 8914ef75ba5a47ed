//! Payloads that pass through a codec: the contract holds, and nothing is stored as it was sent.

mod contract;
mod secrets;

use std::fmt::Write as _;

use duroxide::storage::coded::{PayloadCodec, PayloadPlace};

/// Binds every payload to its place, as encryption would, and gives the same for the same.
#[derive(Debug)]
pub(crate) struct Sealed;

impl PayloadCodec for Sealed {
    fn encode(&self, place: &PayloadPlace, payload: &str) -> Result<String, String> {
        let mut sealed = format!("{:x}.", seal_of(place));
        for byte in payload.bytes() {
            write!(sealed, "{:02x}", byte ^ 0x5a).map_err(|error| error.to_string())?;
        }
        Ok(sealed)
    }

    fn decode(&self, place: &PayloadPlace, stored: &str) -> Result<String, String> {
        let (seal, body) = stored.split_once('.').ok_or("it has no seal")?;
        if seal != format!("{:x}", seal_of(place)) {
            return Err(format!("it was sealed for another place than {place:?}"));
        }
        let bytes = body.as_bytes().chunks(2).map(|pair| {
            let digits = std::str::from_utf8(pair).map_err(|error| error.to_string())?;
            let byte = u8::from_str_radix(digits, 16).map_err(|error| error.to_string())?;
            Ok(byte ^ 0x5a)
        });
        let bytes: Result<Vec<u8>, String> = bytes.collect();
        String::from_utf8(bytes?).map_err(|error| error.to_string())
    }
}

fn seal_of(place: &PayloadPlace) -> u64 {
    let text = place.to_string();
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
