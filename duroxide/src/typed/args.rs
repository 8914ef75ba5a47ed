//! Several parameters as one JSON object, keyed by their names.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::codec::{self, CodecError};

/// Writes the object, parameter by parameter.
///
/// ```
/// use duroxide::typed::{ArgsReader, ArgsWriter};
///
/// let text = ArgsWriter::new().field("order", &42_u64)?.field("fast", &true)?.finish();
/// assert_eq!(text, r#"{"order":42,"fast":true}"#);
///
/// let mut reader = ArgsReader::new(&text, &["order", "fast", "note"])?;
/// assert_eq!(reader.required::<u64>("order")?, 42);
/// assert!(reader.required::<bool>("fast")?);
/// assert_eq!(reader.optional::<String>("note")?, None);
/// # Ok::<(), duroxide::codec::CodecError>(())
/// ```
#[derive(Debug, Default)]
pub struct ArgsWriter {
    text: String,
}

impl ArgsWriter {
    /// An object without a key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if the value does not encode.
    pub fn field<T: Serialize>(mut self, name: &str, value: &T) -> Result<Self, CodecError> {
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.push_str(&codec::encode(name)?);
        self.text.push(':');
        self.text.push_str(&codec::encode(value)?);
        Ok(self)
    }

    /// The object as text.
    pub fn finish(mut self) -> String {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        self.text
    }
}

/// Reads parameters back.
///
/// The text is read as an object of parameters only if every key is a parameter's name and the
/// first parameter is among them; otherwise it is the first parameter's bare value. So a defaulted
/// parameter can be added to a function that had one.
///
/// An example stands at [`ArgsWriter`].
#[derive(Debug)]
pub struct ArgsReader {
    values: BTreeMap<String, Box<RawValue>>,
    is_bare: bool,
}

impl ArgsReader {
    /// Takes the text apart.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it is not JSON.
    pub fn new(text: &str, names: &[&str]) -> Result<Self, CodecError> {
        let first = names.first().copied().unwrap_or_default();
        if let Ok(values) = codec::decode::<BTreeMap<String, Box<RawValue>>>(text)
            && values.contains_key(first)
            && values.keys().all(|key| names.contains(&key.as_str()))
        {
            return Ok(Self {
                values,
                is_bare: false,
            });
        }
        let bare = codec::decode::<Box<RawValue>>(text)?;
        Ok(Self {
            values: BTreeMap::from([(first.to_owned(), bare)]),
            is_bare: true,
        })
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it is missing, or is of another type.
    pub fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, CodecError> {
        match self.values.remove(name) {
            Some(value) => codec::decode(value.get()),
            // An `Option` may be left out, as in a struct.
            None => codec::decode("null").map_err(|_| {
                CodecError::shape(
                    std::any::type_name::<T>(),
                    format!("the parameter `{name}` is missing"),
                )
            }),
        }
    }

    /// A parameter that may be missing. A bare `null` that is none of its values is what a function
    /// without parameters wrote.
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it is there and of another type.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, CodecError> {
        let Some(value) = self.values.remove(name) else {
            return Ok(None);
        };
        match codec::decode(value.get()) {
            Err(_) if self.is_bare && value.get() == "null" => Ok(None),
            decoded => decoded.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_parameters_travel_by_name() {
        let text = ArgsWriter::new()
            .field("a", &1)
            .unwrap()
            .field("b", &"x\"y")
            .unwrap()
            .finish();
        assert_eq!(text, r#"{"a":1,"b":"x\"y"}"#);
        let mut reader = ArgsReader::new(&text, &["a", "b"]).unwrap();
        assert_eq!(reader.required::<u8>("a").unwrap(), 1);
        assert_eq!(reader.required::<String>("b").unwrap(), "x\"y");
    }

    #[test]
    fn a_parameter_can_be_added_to_a_function_that_had_one() {
        for bare in ["7", r#"{"x":7}"#, r#"{"a":7,"z":1}"#] {
            let mut reader = ArgsReader::new(bare, &["a", "b"]).unwrap();
            assert_eq!(reader.optional::<u8>("b"), Ok(None), "{bare}");
            assert!(reader.required::<serde_json::Value>("a").is_ok(), "{bare}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let mut reader = ArgsReader::new("7", &["a", "b"]).unwrap();
        let error = reader.required::<u8>("b").unwrap_err().to_string();
        assert!(error.contains("`b` is missing"), "{error}");
    }
}
