//! What can travel through a history.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that a history can hold. Every type that is `Serialize + DeserializeOwned + Send` and
/// borrows nothing.
///
/// ```
/// use duroxide::typed::Payload;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Address {
///     street: String,
/// }
///
/// fn travels<T: Payload>() -> bool {
///     true
/// }
/// assert!(travels::<Address>() && travels::<Vec<Option<u64>>>());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a history [DX0004]",
    label = "not serializable",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or to your type inside it, and let it own its data and be `Send`"
)]
pub trait Payload: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Payload for T {}

/// An error that a history can hold, and that people can read.
///
/// ```
/// use duroxide::typed::Failure;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize)]
/// enum Refusal {
///     SoldOut,
/// }
///
/// impl std::fmt::Display for Refusal {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         f.write_str("it is sold out")
///     }
/// }
///
/// fn told(error: &impl Failure) -> String {
///     error.to_string()
/// }
/// assert_eq!(told(&Refusal::SoldOut), "it is sold out");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in a history as an error [DX0004]",
    label = "not serializable, or not `Display`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}` and implement `Display`, for instance with `thiserror`; turn a foreign error into one of your own, or into a `String`"
)]
pub trait Failure: Payload + Display {}

#[diagnostic::do_not_recommend]
impl<E: Payload + Display> Failure for E {}
