//! What programs of the published crate look for and find under another name here: paths, and a few
//! small things that nothing else needs. `docs/migrating.md` tells the whole story.

use semver::Version;

use crate::client::{Client, ClientError};
use crate::history::EventKind;
use crate::runtime::Runtime;

/// The storage contract, under the path of the published crate. Its home is
/// [`provider`](crate::provider).
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::Client;
/// use duroxide::providers::Provider;
/// use duroxide::providers::redb::RedbProvider;
///
/// let store: Arc<dyn Provider> = Arc::new(RedbProvider::in_memory()?);
/// let client = Client::new(store);
/// # assert!(client.has_management_capability());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub mod providers {
    pub use crate::provider::{
        Provider, ProviderAdmin, ProviderError, ProviderRef, QueueDepths, TagFilter,
    };
    #[cfg(feature = "redb")]
    pub use crate::storage::redb;

    /// What can go wrong in a store.
    ///
    /// ```
    /// use duroxide::providers::error::ProviderError;
    ///
    /// /// What to do after an error of the store.
    /// fn advice(error: &ProviderError) -> &'static str {
    ///     if error.is_retryable() { "try again" } else { "look into it" }
    /// }
    /// ```
    pub mod error {
        pub use crate::provider::ProviderError;
    }
}

/// How loud a log line is.
///
/// ```
/// use duroxide::LogLevel;
///
/// assert!(LogLevel::Info < LogLevel::Error);
/// assert_eq!(String::from(LogLevel::Warn), "warn");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// What is worth knowing.
    Info,
    /// What may become a problem.
    Warn,
    /// What is a problem.
    Error,
}

impl From<LogLevel> for String {
    /// `info`, `warn` or `error`
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
        .to_owned()
    }
}

/// The version of this crate.
///
/// ```
/// let version = duroxide::current_build_version();
/// println!("duroxide {version}");
/// # assert!(version > semver::Version::new(0, 0, 0));
/// ```
pub fn current_build_version() -> Version {
    // Cargo takes no version that does not parse.
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

/// What an instance runs, and who waits for it.
///
/// ```
/// use duroxide::OrchestrationDescriptor;
///
/// fn in_words(it: &OrchestrationDescriptor) -> String {
///     let what = format!("{} {}", it.name, it.version);
///     match (&it.parent_instance, it.parent_id) {
///         (Some(parent), Some(event)) => format!("{what}, for event {event} of {parent}"),
///         _ => what,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrchestrationDescriptor {
    /// The orchestration's name.
    pub name: String,
    /// The version that its current execution is pinned to.
    pub version: String,
    /// The instance that waits for its end.
    pub parent_instance: Option<String>,
    /// The event there that scheduled it.
    pub parent_id: Option<u64>,
}

#[cfg(feature = "redb")]
impl Runtime {
    /// A runtime of the dynamic layer on a store in memory, which is gone with it. Its
    /// [`client`](Self::client) is the way to that store.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext};
    /// use duroxide::{OrchestrationRegistry, Runtime};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let activities = ActivityRegistry::builder()
    ///     .register("greet", |_ctx: ActivityContext, name: String| async move {
    ///         Ok(format!("Hello, {name}!"))
    ///     })
    ///     .build();
    /// let orchestrations = OrchestrationRegistry::builder()
    ///     .register("hello", |ctx: OrchestrationContext, name: String| async move {
    ///         ctx.schedule_activity("greet", name).await
    ///     })
    ///     .build();
    ///
    /// let runtime = Runtime::start(activities, orchestrations).await;
    /// let client = runtime.client();
    /// client.start_orchestration("hello-1", "hello", "Rust").await?;
    /// let status = client.wait_for_orchestration("hello-1", Duration::from_secs(60)).await?;
    /// println!("{status:?}");
    /// runtime.shutdown(None).await;
    /// # Ok::<(), duroxide::ClientError>(())
    /// # }).unwrap();
    /// ```
    pub async fn start(
        activity_registry: crate::registry::ActivityRegistry,
        orchestration_registry: crate::registry::OrchestrationRegistry,
    ) -> std::sync::Arc<Self> {
        let store: crate::provider::ProviderRef =
            match crate::storage::redb::RedbProvider::in_memory() {
                Ok(store) => std::sync::Arc::new(store),
                // There is no room for an error here: whoever uses that runtime is told.
                Err(error) => std::sync::Arc::new(crate::provider::Nowhere(error.to_string())),
            };
        Self::start_with_store(store, activity_registry, orchestration_registry).await
    }
}

impl Runtime {
    /// What an instance runs, and who waits for it; `None` before its first turn, if there is no such
    /// instance, and if the store does not answer.
    ///
    /// ```
    /// # use duroxide::Runtime;
    /// async fn print(runtime: &Runtime, id: &str) {
    ///     match runtime.get_orchestration_descriptor(id).await {
    ///         Some(it) => println!("{id} runs {} {}", it.name, it.version),
    ///         None => println!("{id} did not begin"),
    ///     }
    /// }
    /// ```
    pub async fn get_orchestration_descriptor(
        &self,
        instance: &str,
    ) -> Option<OrchestrationDescriptor> {
        descriptor(&self.client(), instance).await.ok().flatten()
    }
}

async fn descriptor(
    client: &Client,
    instance: &str,
) -> Result<Option<OrchestrationDescriptor>, ClientError> {
    let begun = client.beginning(instance).await?;
    let Some(EventKind::OrchestrationStarted {
        name,
        version,
        parent,
        ..
    }) = begun
    else {
        return Ok(None);
    };
    let (parent_instance, parent_id) = parent
        .map(|parent| (parent.instance.to_string(), parent.source.0))
        .unzip();
    Ok(Some(OrchestrationDescriptor {
        name,
        version,
        parent_instance,
        parent_id,
    }))
}
