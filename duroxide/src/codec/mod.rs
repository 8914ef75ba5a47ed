//! Typed values to text and back: JSON, as it travels and is stored. Must not know: whose values.

pub mod dynamic;

use std::any::type_name;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that does not fit its text.
///
/// ```
/// use duroxide::codec;
///
/// let text = r#"{"cents": "many"}"#;
/// let error = codec::decode::<std::collections::BTreeMap<String, u64>>(text).err();
/// let message = error.map(|error| error.to_string()).unwrap_or_default();
/// assert!(message.contains("at `cents`"), "{message}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {verb} `{type_name}`{at}: {problem}")]
pub struct CodecError {
    verb: &'static str,
    type_name: String,
    at: String,
    problem: String,
}

/// A value as JSON text.
///
/// ```
/// use duroxide::codec;
///
/// let text = codec::encode(&("Ada", 36))?;
/// assert_eq!(text, r#"["Ada",36]"#);
/// assert_eq!(codec::decode::<(String, u8)>(&text)?, ("Ada".to_owned(), 36));
/// # Ok::<(), codec::CodecError>(())
/// ```
///
/// # Errors
///
/// [`CodecError`] with the value's type: maps with keys that are no strings, and errors of the
/// user's own `Serialize`.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String, CodecError> {
    serde_json::to_string(value).map_err(encode_error::<T>)
}

/// A value as JSON text for people: one line for each field.
///
/// # Errors
///
/// As [`encode`].
///
/// ```
/// use std::collections::BTreeMap;
///
/// use duroxide::codec;
///
/// let text = codec::encode_pretty(&BTreeMap::from([("cents", 12)]))?;
/// assert_eq!(text, "{\n  \"cents\": 12\n}");
/// # Ok::<(), codec::CodecError>(())
/// ```
pub fn encode_pretty<T: Serialize + ?Sized>(value: &T) -> Result<String, CodecError> {
    serde_json::to_string_pretty(value).map_err(encode_error::<T>)
}

/// A value from JSON text.
///
/// # Errors
///
/// [`CodecError`] with the value's type and the path to the first thing that does not fit.
///
/// ```
/// use duroxide::codec;
///
/// assert_eq!(codec::decode::<Vec<u8>>("[1, 2]")?, [1, 2]);
/// assert!(codec::decode::<Vec<u8>>("[1, -2]").is_err());
/// # Ok::<(), codec::CodecError>(())
/// ```
pub fn decode<T: DeserializeOwned>(text: &str) -> Result<T, CodecError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." {
            String::new()
        } else {
            format!(" at `{path}`")
        };
        decode_error::<T>(at, error.into_inner().to_string())
    })?;
    reader
        .end()
        .map_err(|error| decode_error::<T>(String::new(), error.to_string()))?;
    Ok(value)
}

/// The error value of a recorded failure. Dynamic code records none: then it is the message, as a
/// JSON string.
///
/// # Errors
///
/// The message, and why it cannot be read as that type.
///
/// ```
/// use duroxide::codec;
///
/// #[derive(Debug, PartialEq, serde::Deserialize)]
/// enum Declined {
///     Card,
///     Amount,
/// }
///
/// let payload = Some(r#""Card""#.to_owned());
/// let declined: Declined = codec::decode_failure("the card was declined", payload)?;
/// assert_eq!(declined, Declined::Card);
///
/// let text: String = codec::decode_failure("no stock", None)?; // of dynamic code
/// assert_eq!(text, "no stock");
/// # Ok::<(), String>(())
/// ```
pub fn decode_failure<E: DeserializeOwned>(
    message: &str,
    payload: Option<String>,
) -> Result<E, String> {
    let payload = payload.map_or_else(|| encode(message), Ok);
    payload
        .and_then(|payload| decode(&payload))
        .map_err(|mismatch| format!("{message} ({mismatch})"))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn encode_error<T: ?Sized>(error: serde_json::Error) -> CodecError {
    CodecError {
        verb: "encode",
        type_name: type_name::<T>().to_owned(),
        at: String::new(),
        problem: shortened(error.to_string()),
    }
}

fn decode_error<T>(at: String, problem: String) -> CodecError {
    CodecError {
        verb: "decode",
        type_name: type_name::<T>().to_owned(),
        at: shortened(at),
        problem: shortened(problem),
    }
}

/// The longest part of an error's text, in bytes. What does not fit a type is told with what is there
/// instead, which may be a whole payload.
const LONGEST: usize = 2 << 10;

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        let mut end = LONGEST;
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        text.truncate(end);
        text.push_str(" ..");
    }
    text
}

impl CodecError {
    /// A text that lacks something, or is of another shape altogether.
    ///
    /// ```
    /// use duroxide::codec::CodecError;
    ///
    /// let error = CodecError::shape("Order", "there is no `id`");
    /// assert_eq!(error.to_string(), "cannot decode `Order`: there is no `id`");
    /// ```
    pub fn shape(type_name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            verb: "decode",
            type_name: type_name.into(),
            at: String::new(),
            problem: problem.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_error_names_the_type_and_the_path() {
        let error = decode::<BTreeMap<String, Vec<u8>>>(r#"{"a":[1,"x"]}"#).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("BTreeMap") && text.contains("a[1]"), "{text}");
        assert!(decode::<u8>("1 2").is_err());
        assert!(encode(&BTreeMap::from([((1, 2), 3)])).is_err());
    }

    #[test]
    fn an_error_is_never_as_long_as_the_value() {
        let long = encode(&"\u{e9}".repeat(100_000)).unwrap();
        let keys = encode(&BTreeMap::from([("k".repeat(100_000), "x")])).unwrap();
        let errors = [
            decode::<u8>(&long).unwrap_err(),
            decode::<BTreeMap<String, u8>>(&keys).unwrap_err(),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(
                text.contains("..") && text.len() <= 4 << 10,
                "{}",
                text.len()
            );
        }
    }

    #[test]
    fn what_nests_too_deeply_is_an_error_and_overflows_no_stack() {
        let deep = "[".repeat(1_000_000);
        assert!(decode::<serde_json::Value>(&deep).is_err());
        assert!(
            dynamic::decode::<serde_json::Value>(&deep).is_ok(),
            "a string"
        );
    }
}
