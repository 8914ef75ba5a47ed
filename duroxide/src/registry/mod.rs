//! Names and versions to handlers.
//!
//! What is annotated finds its way here by itself ([`OrchestrationRegistry::linked`] shows it);
//! closures of the dynamic layer are registered with a builder. A running instance stays on its
//! version, a start by name gets the one that the [`VersionPolicy`] chooses. Both registries are
//! built once and never change afterwards.
//!
//! Must not know: storage, the runtime.

mod activities;
mod builder;
mod error;
mod handler;
mod linked;
mod orchestrations;
mod typed;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use semver::Version;

pub use builder::RegistryBuilder;
pub use error::RegistryError;
pub use handler::{
    ActivityFn, ActivityHandler, FnActivity, FnDetailed, FnOrchestration, HandlerKind,
    OrchestrationFn, OrchestrationHandler, code,
};
pub use linked::{Handler, Registered, Registration, linked};

/// The orchestrations that a runtime can run.
///
/// ```
/// use duroxide::{OrchestrationContext, OrchestrationRegistry};
///
/// let orchestrations = OrchestrationRegistry::builder()
///     .register("order", |ctx: OrchestrationContext, id: String| async move {
///         ctx.schedule_activity("ship", id).await
///     })
///     .register_versioned("order", "2.0.0", |ctx: OrchestrationContext, id: String| async move {
///         ctx.schedule_activity("check_stock", id.as_str()).await?;
///         ctx.schedule_activity("ship", id).await
///     })
///     .build_result()?;
/// assert_eq!(orchestrations.list_names(), ["order"]);
/// assert_eq!(orchestrations.resolve_version("order"), Some("2.0.0".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type OrchestrationRegistry = Registry<dyn OrchestrationHandler>;
/// The activities that a runtime can run.
///
/// ```
/// use duroxide::{ActivityContext, ActivityRegistry};
///
/// let activities = ActivityRegistry::builder()
///     .register("shout", |_ctx: ActivityContext, text: String| async move { Ok(text.to_uppercase()) })
///     .register_typed("add", |_ctx: ActivityContext, (a, b): (u64, u64)| async move { Ok(a + b) })
///     .build_result()?;
/// assert!(activities.has("add") && activities.has("shout"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub type ActivityRegistry = Registry<dyn ActivityHandler>;
/// Collects orchestrations.
///
/// ```
/// use duroxide::{OrchestrationContext, OrchestrationRegistry, OrchestrationRegistryBuilder};
///
/// /// What a library adds to the programs that use it.
/// fn with_library(builder: OrchestrationRegistryBuilder) -> OrchestrationRegistryBuilder {
///     builder.register("library::echo", |_ctx: OrchestrationContext, text: String| async move { Ok(text) })
/// }
///
/// let registry = with_library(OrchestrationRegistry::builder()).build_result()?;
/// assert!(registry.has("library::echo"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub type OrchestrationRegistryBuilder = RegistryBuilder<dyn OrchestrationHandler>;
/// Collects activities.
///
/// ```
/// use duroxide::{ActivityContext, ActivityRegistry, ActivityRegistryBuilder};
///
/// /// What a library adds to the programs that use it.
/// fn with_library(builder: ActivityRegistryBuilder) -> ActivityRegistryBuilder {
///     builder.register("library::shout", |_ctx: ActivityContext, text: String| async move { Ok(text.to_uppercase()) })
/// }
///
/// let registry = with_library(ActivityRegistry::builder()).build_result()?;
/// assert!(registry.has("library::shout"));
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub type ActivityRegistryBuilder = RegistryBuilder<dyn ActivityHandler>;
/// A shared orchestration.
///
/// An example stands at [`OrchestrationFn`].
pub type OrchestrationHandlerRef = OrchestrationFn;

/// Handlers by name and version. Cheap to clone; a runtime keeps a copy of its own, so what happens
/// to a registry later is nothing to it.
///
/// ```
/// use duroxide::{OrchestrationContext, OrchestrationRegistry, VersionPolicy};
///
/// let echo = |_ctx: OrchestrationContext, text: String| async move { Ok(text) };
/// let mut registry = OrchestrationRegistry::builder()
///     .register("echo", echo)
///     .register_versioned("echo", "2.0.0", echo)
///     .build();
/// assert!(registry.problems().is_empty() && registry.has("echo"));
/// assert_eq!((registry.list_names().len(), registry.count()), (1, 2));
/// assert_eq!(registry.list_versions("echo").len(), 2);
///
/// registry.set_version_policy("echo", VersionPolicy::Exact("1.0.0".parse()?));
/// let (version, _handler) = registry.resolve_handler("echo").ok_or("nobody echoes")?;
/// assert_eq!(version.to_string(), "1.0.0");
/// assert!(registry.resolve_handler_exact("echo", &"3.0.0".parse()?).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Registry<H: ?Sized> {
    handlers: BTreeMap<String, BTreeMap<Version, Entry<H>>>,
    policies: BTreeMap<String, VersionPolicy>,
    problems: Vec<RegistryError>,
}

struct Entry<H: ?Sized> {
    handler: Arc<H>,
    place: Option<&'static Registration>,
}

/// Which version a start without one gets.
///
/// ```
/// use duroxide::{OrchestrationContext, OrchestrationRegistry, VersionPolicy};
///
/// let orchestrations = OrchestrationRegistry::builder()
///     .register_versioned("Ship", "1.0.0", |_ctx: OrchestrationContext, _: String| async move { Ok("by ship".to_owned()) })
///     .register_versioned("Ship", "2.0.0", |_ctx: OrchestrationContext, _: String| async move { Ok("by train".to_owned()) })
///     .set_policy("Ship", VersionPolicy::Exact("1.0.0".parse()?)) // until the trains run
///     .build_result()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum VersionPolicy {
    /// The highest one.
    #[default]
    Latest,
    /// This one.
    Exact(Version),
}

impl OrchestrationRegistry {
    /// What `#[orchestration]` registered in all linked crates.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// use duroxide::OrchestrationRegistry;
    ///
    /// #[orchestration]
    /// async fn listed(_ctx: &OrchestrationContext) -> Result<(), String> {
    ///     Ok(())
    /// }
    ///
    /// # fn check() -> Result<(), duroxide::RegistryError> {
    /// for name in OrchestrationRegistry::linked()?.list_names() {
    ///     println!("{name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
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

impl<H: ?Sized> Registry<H> {
    /// Starts with nothing.
    ///
    /// Examples stand at [`OrchestrationRegistry`] and [`ActivityRegistry`].
    pub fn builder() -> RegistryBuilder<H> {
        RegistryBuilder(Self::default())
    }

    /// Starts with what is in `registry`, its version policies included.
    ///
    /// ```
    /// use duroxide::{ActivityContext, ActivityRegistry};
    ///
    /// let echo = |_ctx: ActivityContext, text: String| async move { Ok(text) };
    /// let library = ActivityRegistry::builder().register("library::echo", echo).build();
    /// let all = ActivityRegistry::builder_from(&library).register("echo", echo).build();
    /// assert_eq!((library.count(), all.count()), (1, 2));
    /// ```
    pub fn builder_from(registry: &Self) -> RegistryBuilder<H> {
        RegistryBuilder(registry.clone())
    }

    /// The handler that a start without a version gets, by the policy of its name.
    pub fn resolve_handler(&self, name: &str) -> Option<(Version, Arc<H>)> {
        let version = self.resolve_version(name)?;
        let handler = self.resolve_handler_exact(name, &version)?;
        Some((version, handler))
    }

    /// The handler with exactly that version.
    pub fn resolve_handler_exact(&self, name: &str, version: &Version) -> Option<Arc<H>> {
        let entry = self.handlers.get(name)?.get(version)?;
        Some(Arc::clone(&entry.handler))
    }

    /// The version that a start without one gets, by the policy of its name.
    pub fn resolve_version(&self, name: &str) -> Option<Version> {
        let versions = self.handlers.get(name)?;
        match self.policies.get(name) {
            Some(VersionPolicy::Exact(version)) => {
                versions.get_key_value(version).map(|(found, _)| found)
            }
            Some(VersionPolicy::Latest) | None => versions.keys().next_back(),
        }
        .cloned()
    }

    /// Chooses the version that starts without one get from this registry. A runtime that was given
    /// it before does not notice.
    pub fn set_version_policy(&mut self, name: &str, policy: VersionPolicy) {
        self.policies.insert(name.to_owned(), policy);
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
}

impl<H: ?Sized> Default for Registry<H> {
    fn default() -> Self {
        Self {
            handlers: BTreeMap::new(),
            policies: BTreeMap::new(),
            problems: Vec::new(),
        }
    }
}

impl<H: ?Sized> Clone for Registry<H> {
    fn clone(&self) -> Self {
        Self {
            handlers: self.handlers.clone(),
            policies: self.policies.clone(),
            problems: self.problems.clone(),
        }
    }
}

impl<H: ?Sized> Clone for Entry<H> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            place: self.place,
        }
    }
}

impl<H: ?Sized> fmt::Debug for Registry<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.handlers.keys()).finish()
    }
}

impl fmt::Display for VersionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("the highest version"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}
