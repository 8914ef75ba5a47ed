//! Names and versions to handlers. Must not know: storage, the runtime.

mod builder;
mod handler;
mod linked;

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;

pub use builder::{ActivityRegistryBuilder, OrchestrationRegistryBuilder};
pub use handler::{ActivityFn, OrchestrationFn, code};
pub use linked::{Handler, Registered, Registration, linked};

/// The orchestrations that a runtime can run.
pub type OrchestrationRegistry = Registry<OrchestrationFn>;
/// The activities that a runtime can run.
pub type ActivityRegistry = Registry<ActivityFn>;

/// Handlers by name and version.
#[derive(Clone)]
pub struct Registry<H> {
    handlers: BTreeMap<String, BTreeMap<Version, Entry<H>>>,
    problems: Vec<RegistryError>,
}

#[derive(Clone)]
struct Entry<H> {
    handler: H,
    place: Option<&'static Registration>,
}

/// Why a handler cannot be registered.
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
    Name(#[from] crate::history::InvalidName),
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
}

impl OrchestrationRegistry {
    /// What `#[orchestration]` registered in all linked crates.
    ///
    /// # Errors
    ///
    /// [`RegistryError`] for the first registration that does not fit the others.
    pub fn linked() -> Result<Self, RegistryError> {
        let mut all = Self::builder();
        for registration in linked() {
            all.add(registration);
        }
        all.build_result()
    }
}

impl<H> Default for Registry<H> {
    fn default() -> Self {
        Self {
            handlers: BTreeMap::new(),
            problems: Vec::new(),
        }
    }
}

impl<H: Clone> Registry<H> {
    /// The handler with the highest version.
    pub fn resolve_handler(&self, name: &str) -> Option<(Version, H)> {
        let (version, entry) = self.handlers.get(name)?.last_key_value()?;
        Some((version.clone(), entry.handler.clone()))
    }

    /// The handler with exactly that version.
    pub fn resolve_handler_exact(&self, name: &str, version: &Version) -> Option<H> {
        Some(self.handlers.get(name)?.get(version)?.handler.clone())
    }

    /// All names, in order.
    pub fn list_names(&self) -> Vec<String> {
        self.handlers.keys().cloned().collect()
    }

    /// All versions of a name, in order.
    pub fn list_versions(&self, name: &str) -> Vec<Version> {
        self.handlers
            .get(name)
            .into_iter()
            .flat_map(|versions| versions.keys().cloned())
            .collect()
    }

    /// Whether there is a handler with that name.
    pub fn has(&self, name: &str) -> bool {
        self.handlers.contains_key(name)
    }

    /// How many handlers there are, versions counted apart.
    pub fn count(&self) -> usize {
        self.handlers.values().map(BTreeMap::len).sum()
    }

    /// What went wrong while it was built.
    pub fn problems(&self) -> &[RegistryError] {
        &self.problems
    }

    fn insert(
        &mut self,
        what: &'static str,
        name: &str,
        version: &str,
        handler: H,
        place: Option<&'static Registration>,
    ) {
        if let Err(problem) = self.try_insert(what, name, version, handler, place) {
            self.problems.push(problem);
        }
    }

    fn try_insert(
        &mut self,
        what: &'static str,
        name: &str,
        version: &str,
        handler: H,
        place: Option<&'static Registration>,
    ) -> Result<(), RegistryError> {
        crate::history::check_name(what, name)?;
        let parsed = Version::parse(version).map_err(|_| RegistryError::Version {
            what,
            name: name.to_owned(),
            version: version.to_owned(),
        })?;
        let versions = self.handlers.entry(name.to_owned()).or_default();
        if let Some(earlier) = versions.get(&parsed) {
            let same = matches!((earlier.place, place), (Some(a), Some(b)) if a.is_same_place(b));
            if same {
                return Ok(());
            }
            let place_of = |place: Option<&Registration>| {
                place.map_or_else(
                    || "an explicit registration".to_owned(),
                    Registration::place,
                )
            };
            return Err(RegistryError::Duplicate {
                what,
                name: name.to_owned(),
                version: version.to_owned(),
                places: format!(
                    ": at {} and at {}",
                    place_of(earlier.place),
                    place_of(place)
                ),
            });
        }
        versions.insert(parsed, Entry { handler, place });
        Ok(())
    }
}

impl<H> fmt::Debug for Registry<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.handlers.keys()).finish()
    }
}
