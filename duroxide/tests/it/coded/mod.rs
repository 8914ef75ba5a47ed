//! Payloads that pass through a codec: the contract holds, and nothing is stored as it was sent.

mod contract;
mod secrets;

use duroxide::storage::coded::{PayloadCodec, PayloadPlace};

/// Turns the letters of every payload by an angle that its place decides, as encryption would bind it
/// to its place; the same gives the same, and is as long as before.
#[derive(Debug)]
pub(crate) struct Sealed;

const FIRST: u32 = '!' as u32;
const LETTERS: u32 = '~' as u32 - FIRST + 1;

fn turned(text: &str, by: u32) -> String {
    let turn = |letter: char| {
        if !letter.is_ascii_graphic() {
            return letter;
        }
        let place = (letter as u32 - FIRST + by) % LETTERS;
        char::from_u32(FIRST + place).unwrap_or(letter)
    };
    text.chars().map(turn).collect()
}

impl PayloadCodec for Sealed {
    fn encode(&self, place: &PayloadPlace, payload: &str) -> Result<String, String> {
        Ok(turned(payload, angle_of(place)))
    }

    fn decode(&self, place: &PayloadPlace, stored: &str) -> Result<String, String> {
        Ok(turned(stored, LETTERS - angle_of(place)))
    }
}

/// Never nothing.
fn angle_of(place: &PayloadPlace) -> u32 {
    u32::try_from(seal_of(place) % u64::from(LETTERS - 1)).unwrap_or(0) + 1
}

fn seal_of(place: &PayloadPlace) -> u64 {
    let text = place.to_string();
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
