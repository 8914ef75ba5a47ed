//! Collecting handlers. What is wrong is kept, and told when the registry is built.

use std::collections::btree_map::Entry as Slot;
use std::fmt;
use std::sync::Arc;

use semver::Version;

use crate::history::check_name;
use crate::registry::{Entry, HandlerKind, Registration, Registry, RegistryError, VersionPolicy};

/// The version of what is registered without one.
pub(super) const UNVERSIONED: Version = Version::new(1, 0, 0);

/// Collects handlers of one kind. Nothing here fails or panics: problems are kept for
/// [`build_result`](Self::build_result).
///
/// ```
/// use duroxide::{ActivityContext, ActivityRegistry};
///
/// let echo = |_ctx: ActivityContext, text: String| async move { Ok(text) };
/// let library = ActivityRegistry::builder().register("library::echo", echo);
/// let all = ActivityRegistry::builder().register("echo", echo).merge(library).build_result()?;
/// assert_eq!(all.count(), 2);
/// # Ok::<(), duroxide::RegistryError>(())
/// ```
pub struct RegistryBuilder<H: ?Sized>(pub(super) Registry<H>);

impl<H: ?Sized + HandlerKind> RegistryBuilder<H> {
    /// Adds everything in another registry or builder: its handlers, its version policies, and what is
    /// wrong with it. The same handler on both sides is fine; two of them under one name and
    /// version, or two policies that differ, are errors.
    ///
    /// An example stands at [`RegistryBuilder`].
    #[must_use]
    pub fn merge(mut self, other: impl Into<Registry<H>>) -> Self {
        let other = other.into();
        for (name, versions) in other.handlers {
            for (version, entry) in versions {
                self.insert(&name, version, entry);
            }
        }
        for (name, policy) in other.policies {
            match self.0.policies.entry(name) {
                Slot::Vacant(slot) => {
                    slot.insert(policy);
                }
                Slot::Occupied(slot) if *slot.get() == policy => {}
                Slot::Occupied(slot) => self.0.problems.push(RegistryError::PolicyConflict {
                    what: H::WHAT,
                    name: slot.key().clone(),
                    one: slot.get().to_string(),
                    other: policy.to_string(),
                }),
            }
        }
        self.0.problems.extend(other.problems);
        self
    }

    /// Chooses the version that starts without one get. The default is the highest.
    ///
    /// It settles what a [`merge`](Self::merge) left open.
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, OrchestrationRegistry, VersionPolicy};
    ///
    /// let echo = |_ctx: OrchestrationContext, text: String| async move { Ok(text) };
    /// let registry = OrchestrationRegistry::builder()
    ///     .register("echo", echo)
    ///     .register_versioned("echo", "2.0.0", echo)
    ///     .set_policy("echo", VersionPolicy::Exact("1.0.0".parse()?))
    ///     .build_result()?;
    /// assert_eq!(registry.resolve_version("echo"), Some("1.0.0".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn set_policy(mut self, name: &str, policy: VersionPolicy) -> Self {
        self.0.problems.retain(|problem| {
            !matches!(problem, RegistryError::PolicyConflict { name: about, .. } if about == name)
        });
        self.0.policies.insert(name.to_owned(), policy);
        self
    }

    /// The registry, without what is wrong with it: of two handlers with the same name and version
    /// the first one counts. A runtime logs [`problems`](Registry::problems) at its start.
    ///
    /// ```
    /// use duroxide::{ActivityContext, ActivityRegistry};
    ///
    /// let echo = |_ctx: ActivityContext, text: String| async move { Ok(text) };
    /// let builder = ActivityRegistry::builder().register("echo", echo).register("no name", echo);
    /// let registry = builder.build(); // where `build_result` would give an error
    /// assert_eq!((registry.count(), registry.problems().len()), (1, 1));
    /// ```
    pub fn build(self) -> Registry<H> {
        let mut registry = self.0;
        for (name, policy) in &registry.policies {
            if let VersionPolicy::Exact(version) = policy
                && registry.resolve_handler_exact(name, version).is_none()
            {
                registry.problems.push(RegistryError::PolicyWithoutHandler {
                    what: H::WHAT,
                    name: name.clone(),
                    version: version.to_string(),
                });
            }
        }
        registry
    }

    /// The registry.
    ///
    /// An example stands at [`RegistryBuilder`].
    ///
    /// # Errors
    ///
    /// The first thing that is wrong: a duplicate, a bad name or version, or policies that contradict
    /// each other or what is registered.
    pub fn build_result(self) -> Result<Registry<H>, RegistryError> {
        let registry = self.build();
        match registry.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(registry),
        }
    }

    /// Adds a handler under a version as text.
    pub(super) fn insert_versioned(&mut self, name: &str, version: &str, entry: Entry<H>) {
        match Version::parse(version) {
            Ok(version) => self.insert(name, version, entry),
            Err(_) => self.0.problems.push(RegistryError::Version {
                what: H::WHAT,
                name: name.to_owned(),
                version: version.to_owned(),
            }),
        }
    }

    pub(super) fn insert(&mut self, name: &str, version: Version, entry: Entry<H>) {
        if let Err(problem) = self.try_insert(name, version, entry) {
            self.0.problems.push(problem);
        }
    }

    fn try_insert(
        &mut self,
        name: &str,
        version: Version,
        entry: Entry<H>,
    ) -> Result<(), RegistryError> {
        check_name(H::WHAT, name)?;
        let versions = self.0.handlers.entry(name.to_owned()).or_default();
        match versions.entry(version) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
                Ok(())
            }
            Slot::Occupied(slot) if slot.get().is_same(&entry) => Ok(()),
            Slot::Occupied(slot) => Err(RegistryError::Duplicate {
                what: H::WHAT,
                name: name.to_owned(),
                version: slot.key().to_string(),
                places: format!(": at {} and at {}", slot.get().place(), entry.place()),
            }),
        }
    }
}

impl<H: ?Sized> Entry<H> {
    /// A handler that somebody registered by hand.
    pub(super) fn by_hand(handler: Arc<H>) -> Self {
        Self {
            handler,
            place: None,
        }
    }

    /// Whether both are one handler: registered by itself and by hand, or merged twice.
    fn is_same(&self, other: &Self) -> bool {
        let is_same_place = matches!(
            (self.place, other.place),
            (Some(one), Some(other)) if one.is_same_place(other)
        );
        is_same_place || Arc::ptr_eq(&self.handler, &other.handler)
    }

    fn place(&self) -> String {
        let by_hand = || "an explicit registration".to_owned();
        self.place.map_or_else(by_hand, Registration::place)
    }
}

impl<H: ?Sized> Default for RegistryBuilder<H> {
    fn default() -> Self {
        Self(Registry::default())
    }
}

impl<H: ?Sized + HandlerKind> From<RegistryBuilder<H>> for Registry<H> {
    fn from(builder: RegistryBuilder<H>) -> Self {
        builder.0
    }
}

impl<H: ?Sized> fmt::Debug for RegistryBuilder<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RegistryBuilder").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::ActivityContext;
    use crate::orchestration::OrchestrationContext;
    use crate::registry::{ActivityRegistry, OrchestrationRegistry, OrchestrationRegistryBuilder};

    async fn first(_: OrchestrationContext, _: String) -> Result<String, String> {
        Ok("first".to_owned())
    }

    async fn second(_: OrchestrationContext, _: String) -> Result<String, String> {
        Ok("second".to_owned())
    }

    fn versions(name: &str, versions: &[&str]) -> OrchestrationRegistryBuilder {
        let start = OrchestrationRegistry::builder();
        versions.iter().fold(start, |builder, version| {
            builder.register_versioned(name, version, first)
        })
    }

    fn exact(version: &str) -> VersionPolicy {
        VersionPolicy::Exact(version.parse().unwrap())
    }

    fn problem(builder: OrchestrationRegistryBuilder) -> String {
        builder.build_result().unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_an_error_and_never_a_panic() {
        let twice = versions("a", &["1.0.0"]).register("a", second);
        assert!(problem(twice).contains("orchestration `a` 1.0.0 is registered twice"));
        assert!(problem(versions("a", &["1.0"])).contains("`1.0` is not a semantic version"));
        assert!(problem(versions("a b", &["1.0.0"])).contains("contains ' '"));
        assert!(problem(versions("", &["1.0.0"])).contains("is empty"));
        assert!(problem(versions("__x", &["1.0.0"])).contains("reserved"));
        let unknown = versions("a", &["1.0.0"]).set_policy("a", exact("2.0.0"));
        assert!(problem(unknown).contains("version 2.0.0, which is not registered"));
        let activity = |_: ActivityContext, text: String| async move { Ok(text) };
        let twice = ActivityRegistry::builder()
            .register("a", activity)
            .register("a", activity)
            .build_result();
        assert!(twice.unwrap_err().to_string().contains("activity `a`"));
    }

    #[test]
    fn a_build_without_a_result_keeps_the_first_and_what_is_wrong() {
        let registry = versions("a", &["2.0.0", "1.0.0", "2.0.0"]).build();
        assert_eq!(registry.count(), 2);
        assert_eq!(registry.problems().len(), 1);
        assert_eq!(registry.resolve_version("a"), Some(Version::new(2, 0, 0)));
    }

    #[test]
    fn a_policy_chooses_and_the_highest_is_the_default() {
        let mut registry = versions("a", &["1.0.0", "1.10.0", "1.9.0"])
            .set_policy("a", exact("1.9.0"))
            .build_result()
            .unwrap();
        assert_eq!(registry.resolve_version("a"), Some(Version::new(1, 9, 0)));
        registry.set_version_policy("a", VersionPolicy::Latest);
        assert_eq!(registry.resolve_version("a"), Some(Version::new(1, 10, 0)));
        registry.set_version_policy("a", exact("7.0.0"));
        assert!(registry.resolve_handler("a").is_none());
        assert!(registry.resolve_handler("b").is_none());
    }

    #[test]
    fn a_merge_keeps_policies_and_reports_conflicts() {
        let pinned = versions("a", &["1.0.0", "2.0.0"])
            .set_policy("a", exact("1.0.0"))
            .build();
        let merged = versions("b", &["1.0.0"]).merge(pinned.clone());
        let merged = merged.build_result().unwrap();
        assert_eq!(merged.resolve_version("a"), Some(Version::new(1, 0, 0)));
        assert_eq!(merged.list_names(), ["a", "b"]);

        // The same handlers twice are nothing new.
        let again = OrchestrationRegistry::builder_from(&merged).merge(pinned.clone());
        assert_eq!(again.build_result().unwrap().count(), 3);

        let other = OrchestrationRegistry::builder().register("a", second);
        assert!(problem(other.merge(pinned.clone())).contains("registered twice"));

        let latest = OrchestrationRegistry::builder().set_policy("a", VersionPolicy::Latest);
        let conflict = latest.merge(pinned);
        let settled = OrchestrationRegistry::builder()
            .merge(conflict.0.clone())
            .set_policy("a", exact("2.0.0"));
        assert!(problem(conflict).contains("two version policies"));
        let settled = settled.build_result().unwrap();
        assert_eq!(settled.resolve_version("a"), Some(Version::new(2, 0, 0)));
    }

    #[test]
    fn several_can_be_registered_in_one_go() {
        type Code = fn(OrchestrationContext, String) -> std::future::Ready<Result<String, String>>;
        let code: Code = |_, input| std::future::ready(Ok(input));
        let registry = OrchestrationRegistry::builder()
            .register_all(vec![("a", code), ("b", code)])
            .build_result()
            .unwrap();
        assert_eq!(registry.list_versions("b"), [Version::new(1, 0, 0)]);
        assert!(registry.has("a") && !registry.has("c"));
    }
}
