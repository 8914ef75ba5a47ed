//! What can be wrong with a registry.

use crate::history::InvalidName;

/// Why a handler cannot be registered.
///
/// ```
/// use duroxide::{OrchestrationContext, OrchestrationRegistry, RegistryError};
///
/// let echo = |_ctx: OrchestrationContext, text: String| async move { Ok(text) };
/// let built = OrchestrationRegistry::builder()
///     .register("echo", echo)
///     .register("echo", echo)
///     .build_result();
/// assert!(matches!(built, Err(RegistryError::Duplicate { .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two handlers claim the same name and version.
    #[error(
        "{what} `{name}` {version} is registered twice{places}; rename one, or give it another version"
    )]
    Duplicate {
        /// `orchestration` or `activity`.
        what: &'static str,
        /// The name.
        name: String,
        /// The version.
        version: String,
        /// Both places in the source, if they are known.
        places: String,
    },
    /// The name is not allowed.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The version is not a semantic version.
    #[error("{what} `{name}`: `{version}` is not a semantic version such as `1.2.0`")]
    Version {
        /// `orchestration` or `activity`.
        what: &'static str,
        /// The name.
        name: String,
        /// What was given.
        version: String,
    },
    /// The version policies of two registries that were merged contradict each other.
    #[error(
        "{what} `{name}` has two version policies, {one} and {other}; set the one that counts with \
         `set_policy` after the merge"
    )]
    PolicyConflict {
        /// `orchestration` or `activity`.
        what: &'static str,
        /// The name.
        name: String,
        /// One of them.
        one: String,
        /// The other one.
        other: String,
    },
    /// A version policy names a version that nobody registered.
    #[error(
        "{what} `{name}` is to run as version {version}, which is not registered; register it, or \
         take another policy"
    )]
    PolicyWithoutHandler {
        /// `orchestration` or `activity`.
        what: &'static str,
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
}

impl From<RegistryError> for String {
    fn from(error: RegistryError) -> Self {
        error.to_string()
    }
}
