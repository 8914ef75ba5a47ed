//! Registering activities by hand: names as strings, text in and out.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::activity::ActivityContext;
use crate::history::AppErrorKind;
use crate::registry::builder::UNVERSIONED;
use crate::registry::typed::with_text;
use crate::registry::{
    ActivityHandler, ActivityRegistry, ActivityRegistryBuilder, Entry, FnActivity, FnDetailed,
    Handler, Registration,
};

impl ActivityRegistryBuilder {
    /// Starts with what is in `registry`.
    ///
    /// ```
    /// use duroxide::{ActivityContext, ActivityRegistry, ActivityRegistryBuilder};
    ///
    /// let echo = |_ctx: ActivityContext, text: String| async move { Ok(text) };
    /// let library = ActivityRegistry::builder().register("library::echo", echo).build();
    /// let all = ActivityRegistryBuilder::from_registry(&library).register("echo", echo).build();
    /// assert_eq!(all.list_names(), ["echo", "library::echo"]);
    /// ```
    #[must_use]
    pub fn from_registry(registry: &ActivityRegistry) -> Self {
        ActivityRegistry::builder_from(registry)
    }

    /// Adds an activity.
    ///
    /// An example stands at [`ActivityRegistry`].
    #[must_use]
    pub fn register<F, Fut>(mut self, name: &str, activity: F) -> Self
    where
        F: Fn(ActivityContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        let handler: Arc<dyn ActivityHandler> = Arc::new(FnActivity(activity));
        self.insert(name, UNVERSIONED, Entry::by_hand(handler));
        self
    }

    /// Adds an activity that takes and gives values: JSON, except that a string travels as it is.
    /// An input or output that does not fit is a failure of the activity.
    ///
    /// ```
    /// use duroxide::{ActivityContext, ActivityRegistry};
    ///
    /// let registry = ActivityRegistry::builder()
    ///     .register_typed("length", |_ctx: ActivityContext, text: String| async move { Ok(text.len()) })
    ///     .build_result()?;
    /// # assert!(registry.has("length"));
    /// # Ok::<(), duroxide::RegistryError>(())
    /// ```
    #[must_use]
    pub fn register_typed<In, Out, F, Fut>(mut self, name: &str, activity: F) -> Self
    where
        In: DeserializeOwned + Send + 'static,
        Out: Serialize + Send + 'static,
        F: Fn(ActivityContext, In) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out, String>> + Send + 'static,
    {
        let handler = with_text(AppErrorKind::ActivityFailed, activity);
        let handler: Arc<dyn ActivityHandler> = Arc::new(FnDetailed(handler));
        self.insert(name, UNVERSIONED, Entry::by_hand(handler));
        self
    }

    /// Adds several activities of one type.
    ///
    /// ```
    /// use duroxide::{ActivityContext, ActivityRegistry};
    ///
    /// let echo = |_ctx: ActivityContext, text: String| async move { Ok(text) };
    /// let registry = ActivityRegistry::builder()
    ///     .register_all(vec![("echo", echo), ("echo::loud", echo)])
    ///     .build_result()?;
    /// assert_eq!(registry.count(), 2);
    /// # Ok::<(), duroxide::RegistryError>(())
    /// ```
    #[must_use]
    pub fn register_all<F, Fut>(self, activities: Vec<(&str, F)>) -> Self
    where
        F: Fn(ActivityContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        activities
            .into_iter()
            .fold(self, |builder, (name, activity)| {
                builder.register(name, activity)
            })
    }

    /// Adds an activity that is a type of its own.
    ///
    /// An example stands at [`ActivityHandler`].
    #[must_use]
    pub fn register_handler(mut self, name: &str, handler: Arc<dyn ActivityHandler>) -> Self {
        self.insert(name, UNVERSIONED, Entry::by_hand(handler));
        self
    }

    /// Adds what a macro registered.
    pub(crate) fn add(&mut self, registration: &'static Registration) {
        if let Handler::Activity(make) = registration.handler {
            let place = Some(registration);
            let handler = make();
            let entry = Entry { handler, place };
            self.insert_versioned(registration.name, registration.version, entry);
        }
    }
}
