//! The one place where generated code asks for types to be storable.

use std::fmt;

use crate::codec::{self, CodecError};
use crate::history::{AppErrorKind, ErrorDetails};
use crate::orchestration::CallError;
use crate::typed::{ArgsReader, ArgsWriter, Failure, Payload};

/// How a parameter of one type travels, alone and among others.
///
/// Plain functions, so that `T` has to be a [`Payload`] where this is made and nowhere else: the
/// compiler drops what it would say a second time in the same words about the same place.
///
/// ```
/// use duroxide::typed::payload;
///
/// let wire = payload::<Vec<u64>>();
/// let text = (wire.encode)(&vec![1, 2])?;
/// assert_eq!(text, "[1,2]");
/// assert_eq!((wire.decode)(&text)?, [1, 2]);
/// # Ok::<(), duroxide::codec::CodecError>(())
/// ```
pub struct Wire<T> {
    /// The value as text.
    pub encode: fn(&T) -> Result<String, CodecError>,
    /// The value from text.
    pub decode: fn(&str) -> Result<T, CodecError>,
    /// [`ArgsWriter::field`]
    pub field: fn(ArgsWriter, &str, &T) -> Result<ArgsWriter, CodecError>,
    /// [`ArgsReader::required`]
    pub required: fn(&mut ArgsReader, &str) -> Result<T, CodecError>,
    optional: fn(&mut ArgsReader, &str) -> Result<Option<T>, CodecError>,
}

/// How values of that type travel.
///
/// An example stands at [`Wire`].
pub fn payload<T: Payload>() -> Wire<T> {
    Wire {
        encode: codec::encode,
        decode: codec::decode,
        field: ArgsWriter::field,
        required: ArgsReader::required,
        optional: ArgsReader::optional,
    }
}

impl<T> Wire<T> {
    /// The only parameter, marked `#[serde(default)]`: it may be missing in what was written when
    /// there was none.
    ///
    /// ```
    /// use duroxide::typed::payload;
    ///
    /// assert_eq!(payload::<u64>().decode_or_default("null")?, 0); // written when there was none
    /// assert_eq!(payload::<u64>().decode_or_default("7")?, 7);
    /// # Ok::<(), duroxide::codec::CodecError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it is there and of another type.
    pub fn decode_or_default(self, text: &str) -> Result<T, CodecError>
    where
        T: Default,
    {
        match (self.decode)(text) {
            Err(_) if text == "null" => Ok(T::default()),
            decoded => decoded,
        }
    }

    /// One of several parameters, marked `#[serde(default)]`.
    ///
    /// ```
    /// use duroxide::typed::{ArgsReader, payload};
    ///
    /// let mut reader = ArgsReader::new(r#"{"order":42}"#, &["order", "fast"])?;
    /// assert!(!payload::<bool>().field_or_default(&mut reader, "fast")?);
    /// # Ok::<(), duroxide::codec::CodecError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CodecError`] if it is there and of another type.
    pub fn field_or_default(self, reader: &mut ArgsReader, name: &str) -> Result<T, CodecError>
    where
        T: Default,
    {
        (self.optional)(reader, name).map(Option::unwrap_or_default)
    }
}

/// How the result of an activity or orchestration travels.
///
/// Plain functions, as in [`Wire`].
///
/// Examples stand at [`activity_handler`](crate::typed::activity_handler) and
/// [`ActivityCaller`](crate::typed::ActivityCaller).
pub struct Outcome<T, E> {
    pub(crate) write: fn(Result<T, E>, AppErrorKind) -> Result<String, ErrorDetails>,
    pub(super) read: fn(Result<String, ErrorDetails>) -> Result<T, CallError<E>>,
}

/// How results of those types travel.
///
/// Examples stand where [`Outcome`] names them.
pub fn outcome<T: Payload, E: Failure>() -> Outcome<T, E> {
    Outcome {
        write: write_outcome,
        read: read_outcome,
    }
}

#[cfg(feature = "testing")]
impl Outcome<String, String> {
    /// How results travel in the dynamic layer: text as it is.
    pub(crate) fn text() -> Self {
        Self {
            write: |outcome, kind| {
                outcome.map_err(|message| ErrorDetails::application(kind, message))
            },
            read: |answer| answer.map_err(CallError::from_details),
        }
    }
}

fn write_outcome<T: Payload, E: Failure>(
    outcome: Result<T, E>,
    kind: AppErrorKind,
) -> Result<String, ErrorDetails> {
    match outcome {
        Ok(value) => codec::encode(&value).map_err(|error| rejected(&error)),
        Err(error) => {
            let message = error.to_string();
            let payload = codec::encode(&error).map_err(|error| rejected(&error))?;
            // A text that is its own value is kept once.
            let payload =
                Some(payload).filter(|payload| codec::encode(&message) != Ok(payload.clone()));
            Err(ErrorDetails::Application {
                kind,
                message,
                retryable: false,
                payload,
            })
        }
    }
}

fn read_outcome<T: Payload, E: Failure>(
    answer: Result<String, ErrorDetails>,
) -> Result<T, CallError<E>> {
    match answer {
        Ok(text) => Ok(codec::decode(&text)?),
        Err(details) => Err(CallError::from_details(details)),
    }
}

/// What does not fit its text is nothing that the code can repair.
pub(crate) fn rejected(error: &CodecError) -> ErrorDetails {
    ErrorDetails::application(AppErrorKind::Rejected, error.to_string())
}

impl<T, E> Clone for Outcome<T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, E> Copy for Outcome<T, E> {}

impl<T, E> fmt::Debug for Outcome<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outcome")
    }
}

impl<T> fmt::Debug for Wire<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defaulted_parameter_may_be_missing_and_not_wrong() {
        assert_eq!(payload::<u8>().decode_or_default("null"), Ok(0));
        assert_eq!(payload::<u8>().decode_or_default("7"), Ok(7));
        assert!(payload::<u8>().decode_or_default("\"x\"").is_err());

        let mut reader = ArgsReader::new(r#"{"a":1,"c":"x"}"#, &["a", "b", "c"]).unwrap();
        assert_eq!(payload::<u8>().field_or_default(&mut reader, "b"), Ok(0));
        assert!(payload::<u8>().field_or_default(&mut reader, "c").is_err());
    }

    #[test]
    fn parameters_can_be_added_to_a_function_that_had_none() {
        let mut reader = ArgsReader::new("null", &["a", "b"]).unwrap();
        assert_eq!(payload::<u8>().field_or_default(&mut reader, "a"), Ok(0));
        assert_eq!(payload::<u8>().field_or_default(&mut reader, "b"), Ok(0));

        let mut reader = ArgsReader::new(r#"{"a":null}"#, &["a", "b"]).unwrap();
        assert!(payload::<u8>().field_or_default(&mut reader, "a").is_err());
    }
}
