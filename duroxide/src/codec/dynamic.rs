//! The forms of the dynamic layer, which sends typed values to code that takes text, and text to
//! code that takes typed values: JSON, except that a value that is a string travels bare.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::codec::{self, CodecError};

/// A value as the text that dynamic code sees: a string as it is, all else as JSON. A string that
/// would be read back as another one, because it is itself the JSON of a string, stays JSON too.
///
/// ```
/// use duroxide::codec::dynamic;
///
/// assert_eq!(dynamic::encode("as it is")?, "as it is");
/// assert_eq!(dynamic::encode(&[1, 2])?, "[1,2]");
/// # Ok::<(), duroxide::codec::CodecError>(())
/// ```
///
/// # Errors
///
/// [`CodecError`] if the value does not encode.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, CodecError> {
    let json = codec::encode(value)?;
    // Only a string begins with a quote.
    if json.starts_with('"') {
        let bare: String = codec::decode(&json)?;
        if codec::decode::<String>(&bare).is_err() {
            return Ok(bare);
        }
    }
    Ok(json)
}

/// A value from a text: from JSON, or else from the text as a string.
///
/// # Errors
///
/// [`CodecError`] if it is neither; it tells about the JSON.
///
/// ```
/// use duroxide::codec::dynamic;
///
/// assert_eq!(dynamic::decode::<String>("as it is")?, "as it is");
/// assert_eq!(dynamic::decode::<Vec<u8>>("[1,2]")?, [1, 2]);
/// # Ok::<(), duroxide::codec::CodecError>(())
/// ```
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, CodecError> {
    codec::decode(text).or_else(|error| {
        // A bare string that happens to be JSON (`123`) is read here too.
        serde_json::from_value(Value::String(text.to_owned())).map_err(|_| error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_travel_bare_and_all_else_as_json() {
        assert_eq!(encode("a \"b\"").unwrap(), "a \"b\"");
        assert_eq!(encode(&7).unwrap(), "7");
        assert_eq!(encode(&Some("x")).unwrap(), "x");
        assert_eq!(decode::<String>("a \"b\"").unwrap(), "a \"b\"");
        assert_eq!(decode::<String>("123").unwrap(), "123");
        assert_eq!(decode::<u8>("123").unwrap(), 123);
        for odd in ["\"a\"", " \"\" ", "\"", "null", "{}", ""] {
            assert_eq!(decode::<String>(&encode(odd).unwrap()).unwrap(), odd);
        }
        assert!(decode::<u8>("x").unwrap_err().to_string().contains("u8"));
    }
}
