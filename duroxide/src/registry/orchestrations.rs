//! Registering orchestrations by hand: names as strings, text in and out.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::history::AppErrorKind;
use crate::orchestration::OrchestrationContext;
use crate::registry::builder::UNVERSIONED;
use crate::registry::typed::with_text;
use crate::registry::{
    Entry, FnDetailed, FnOrchestration, Handler, OrchestrationHandler,
    OrchestrationRegistryBuilder, Registration,
};

impl OrchestrationRegistryBuilder {
    /// Adds version 1.0.0 of an orchestration.
    ///
    /// An example stands at [`OrchestrationRegistry`](crate::OrchestrationRegistry).
    #[must_use]
    pub fn register<F, Fut>(mut self, name: &str, orchestration: F) -> Self
    where
        F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        let handler: Arc<dyn OrchestrationHandler> = Arc::new(FnOrchestration(orchestration));
        self.insert(name, UNVERSIONED, Entry::by_hand(handler));
        self
    }

    /// Adds version 1.0.0 of an orchestration that takes and gives values: JSON, except that a string
    /// travels as it is. An input or output that does not fit fails the instance.
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, OrchestrationRegistry};
    ///
    /// let registry = OrchestrationRegistry::builder()
    ///     .register_typed("double", |_ctx: OrchestrationContext, number: u64| async move { Ok(number * 2) })
    ///     .build_result()?;
    /// # assert!(registry.has("double"));
    /// # Ok::<(), duroxide::RegistryError>(())
    /// ```
    #[must_use]
    pub fn register_typed<In, Out, F, Fut>(mut self, name: &str, orchestration: F) -> Self
    where
        In: DeserializeOwned + Send + 'static,
        Out: Serialize + Send + 'static,
        F: Fn(OrchestrationContext, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out, String>> + Send + 'static,
    {
        self.insert(name, UNVERSIONED, typed(orchestration));
        self
    }

    /// Adds one version of an orchestration. Versions may come in any order.
    ///
    /// An example stands at [`OrchestrationRegistry`](crate::OrchestrationRegistry).
    #[must_use]
    pub fn register_versioned<F, Fut>(
        mut self,
        name: &str,
        version: impl AsRef<str>,
        orchestration: F,
    ) -> Self
    where
        F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        let handler: Arc<dyn OrchestrationHandler> = Arc::new(FnOrchestration(orchestration));
        self.insert_versioned(name, version.as_ref(), Entry::by_hand(handler));
        self
    }

    /// Adds one version of an orchestration that takes and gives values, as
    /// [`register_typed`](Self::register_typed).
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, OrchestrationRegistry};
    ///
    /// let registry = OrchestrationRegistry::builder()
    ///     .register_typed("double", |_ctx: OrchestrationContext, number: u64| async move { Ok(number * 2) })
    ///     .register_versioned_typed("double", "2.0.0", |_ctx: OrchestrationContext, number: f64| async move { Ok(number * 2.0) })
    ///     .build_result()?;
    /// assert_eq!(registry.list_versions("double").len(), 2);
    /// # Ok::<(), duroxide::RegistryError>(())
    /// ```
    #[must_use]
    pub fn register_versioned_typed<In, Out, F, Fut>(
        mut self,
        name: &str,
        version: impl AsRef<str>,
        orchestration: F,
    ) -> Self
    where
        In: DeserializeOwned + Send + 'static,
        Out: Serialize + Send + 'static,
        F: Fn(OrchestrationContext, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out, String>> + Send + 'static,
    {
        self.insert_versioned(name, version.as_ref(), typed(orchestration));
        self
    }

    /// Adds version 1.0.0 of several orchestrations of one type.
    ///
    /// ```
    /// use duroxide::{OrchestrationContext, OrchestrationRegistry};
    ///
    /// let echo = |_ctx: OrchestrationContext, text: String| async move { Ok(text) };
    /// let registry = OrchestrationRegistry::builder()
    ///     .register_all(vec![("echo", echo), ("echo::loud", echo)])
    ///     .build_result()?;
    /// assert_eq!(registry.count(), 2);
    /// # Ok::<(), duroxide::RegistryError>(())
    /// ```
    #[must_use]
    pub fn register_all<F, Fut>(self, orchestrations: Vec<(&str, F)>) -> Self
    where
        F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        orchestrations
            .into_iter()
            .fold(self, |builder, (name, orchestration)| {
                builder.register(name, orchestration)
            })
    }

    /// Adds one version of an orchestration that is a type of its own.
    ///
    /// An example stands at [`OrchestrationHandler`].
    #[must_use]
    pub fn register_handler(
        mut self,
        name: &str,
        version: impl AsRef<str>,
        handler: Arc<dyn OrchestrationHandler>,
    ) -> Self {
        self.insert_versioned(name, version.as_ref(), Entry::by_hand(handler));
        self
    }

    /// Adds what a macro registered.
    pub(crate) fn add(&mut self, registration: &'static Registration) {
        if let Handler::Orchestration(make) = registration.handler {
            let place = Some(registration);
            let handler = make();
            let entry = Entry { handler, place };
            self.insert_versioned(registration.name, registration.version, entry);
        }
    }
}

fn typed<In, Out, F, Fut>(orchestration: F) -> Entry<dyn OrchestrationHandler>
where
    In: DeserializeOwned + Send + 'static,
    Out: Serialize + Send + 'static,
    F: Fn(OrchestrationContext, In) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Out, String>> + Send + 'static,
{
    let handler = with_text(AppErrorKind::OrchestrationFailed, orchestration);
    Entry::by_hand(Arc::new(FnDetailed(handler)))
}
