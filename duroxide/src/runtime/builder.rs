//! How a runtime is put together.

use std::fmt;
use std::sync::Arc;

use crate::activity::{ApplicationData, MissingData, NeededData};
use crate::env::{EnvRef, TokioEnv};
use crate::provider::{Provider, ProviderRef};
use crate::registry::{
    ActivityRegistry, OrchestrationRegistry, Registered, Registration, RegistryError, linked,
};
use crate::runtime::{InvalidOption, Parts, Runtime, RuntimeOptions};

/// What a runtime can stand on: any provider, by value or shared.
///
/// ```
/// use std::sync::Arc;
///
/// use duroxide::prelude::*;
/// use duroxide::provider::Provider;
/// use duroxide::runtime::IntoStore;
///
/// let by_value = RedbProvider::in_memory()?;
/// let shared: Arc<dyn Provider> = by_value.into_store();
/// let builder = Runtime::builder().store(Arc::clone(&shared)); // and `shared` is for a client
/// # drop(builder);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait IntoStore {
    /// The shared form.
    fn into_store(self) -> ProviderRef;
}

impl<P: Provider> IntoStore for P {
    fn into_store(self) -> ProviderRef {
        Arc::new(self)
    }
}

impl IntoStore for Arc<dyn Provider> {
    fn into_store(self) -> ProviderRef {
        self
    }
}

/// Why a runtime does not start.
///
/// ```
/// use duroxide::prelude::*;
/// use duroxide::runtime::StartError;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let started = Runtime::builder().start().await;
/// assert!(matches!(started, Err(StartError::NoStore)));
/// # });
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No store was given.
    #[error("no store: give one with `.store(..)`")]
    NoStore,
    /// Nothing was found that could run.
    #[error(
        "no orchestration and no activity was found: the linker leaves out a crate that nothing \
         names, so add `use my_crate as _;` for the crate that holds them, or name them with \
         `.register::<name>()`"
    )]
    NothingRegistered,
    /// Two handlers claim the same name and version, or a name or version is bad.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An option cannot work.
    #[error(transparent)]
    Options(#[from] InvalidOption),
    /// An activity needs application data that was not given.
    #[error(transparent)]
    MissingData(#[from] MissingData),
    /// Two values of one type were given as application data.
    #[error(
        "`.data(..)` was called twice with a `{type_name}`: activities find a value by its type, so \
         wrap one of them into a type of its own"
    )]
    DataTwice {
        /// The type.
        type_name: &'static str,
    },
}

/// The words, not the name of the variant: this is what a `main` that returns the error prints.
impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Puts a [`Runtime`] together.
///
/// ```
/// use duroxide::prelude::*;
///
/// mod mail {
///     use duroxide::prelude::*;
///
///     #[activity]
///     pub async fn send(_ctx: &ActivityContext, text: String) -> Result<usize, String> {
///         Ok(text.len())
///     }
/// }
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = Runtime::builder()
///     .store(RedbProvider::in_memory()?)
///     .register::<mail::send>() // for crates that nothing else names
///     .options(RuntimeOptions { worker_concurrency: 8, ..RuntimeOptions::default() })
///     .start()
///     .await?;
/// runtime.shutdown(None).await;
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct RuntimeBuilder {
    store: Option<ProviderRef>,
    env: Option<EnvRef>,
    named: Vec<&'static Registration>,
    options: RuntimeOptions,
    data: ApplicationData,
    needed: Vec<NeededData>,
    twice: Option<&'static str>,
}

impl RuntimeBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Where everything is kept.
    ///
    /// Examples stand at [`RuntimeBuilder`] and [`IntoStore`].
    #[must_use]
    pub fn store(mut self, store: impl IntoStore) -> Self {
        self.store = Some(store.into_store());
        self
    }

    /// Registers one annotated function by name: for libraries that the linker drops because
    /// nothing else names them. Naming what is found by itself is no duplicate.
    ///
    /// An example stands at [`RuntimeBuilder`].
    #[must_use]
    pub fn register<R: Registered>(mut self) -> Self {
        self.named.push(R::registration());
        self
    }

    /// A value for activities, found by its type with
    /// [`ActivityContext::data`](crate::ActivityContext::data): a connection pool, a client, settings.
    /// One value of each type.
    ///
    /// ```no_run
    /// # use duroxide::prelude::*;
    /// struct Prices(Vec<u64>);
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Runtime::builder().store(RedbProvider::open("shop.redb")?);
    /// let runtime = builder.data(Prices(vec![100, 250])).start().await?;
    /// # runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn data<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        let before = self.data.insert(value);
        self.twice = self.twice.or(before);
        self
    }

    /// Does not start without application data of this type: for activities that are registered by
    /// hand and need it.
    ///
    /// ```
    /// use duroxide::prelude::*;
    /// use duroxide::runtime::StartError;
    ///
    /// # #[activity]
    /// # async fn greet(_ctx: &ActivityContext) -> Result<(), String> { Ok(()) }
    /// struct Prices(Vec<u64>);
    ///
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Runtime::builder().store(RedbProvider::in_memory()?).needs_data::<Prices>();
    /// let started = builder.start().await; // without `.data(Prices(..))`
    /// assert!(matches!(started, Err(StartError::MissingData(_))));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn needs_data<T: Send + Sync + 'static>(mut self) -> Self {
        self.needed.push(NeededData::of::<T>());
        self
    }

    /// Other options than the defaults.
    ///
    /// ```no_run
    /// # use duroxide::prelude::*;
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// let options = RuntimeOptions { worker_concurrency: 8, ..RuntimeOptions::default() };
    /// let builder = Runtime::builder().store(RedbProvider::open("shop.redb")?);
    /// let runtime = builder.options(options).start().await?;
    /// # runtime.shutdown(None).await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn options(mut self, options: RuntimeOptions) -> Self {
        self.options = options;
        self
    }

    /// Another source of clock, ids and tasks than the system and Tokio.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::env::{EnvRef, TokioEnv};
    /// use duroxide::prelude::*;
    ///
    /// let env: EnvRef = Arc::new(TokioEnv::new()); // or a world of one's own
    /// let store = RedbProvider::options().env(Arc::clone(&env)).in_memory()?;
    /// let builder = Runtime::builder().store(store).env(env); // one clock for both
    /// # drop(builder);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn env(mut self, env: EnvRef) -> Self {
        self.env = Some(env);
        self
    }

    /// Starts the runtime on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`]: no store, nothing registered, or registered twice; an option that cannot work;
    /// application data that is missing.
    ///
    /// The linker leaves out a crate that nothing names. So a program whose annotated functions all
    /// stand in another crate finds none of them, and the error says what to add:
    ///
    /// ```standalone_crate
    /// use duroxide::prelude::*;
    /// use duroxide::runtime::StartError;
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let builder = Runtime::builder().store(RedbProvider::in_memory()?);
    ///     let error = builder.start().await.expect_err("there is nothing to run");
    ///     assert!(matches!(error, StartError::NothingRegistered));
    ///     assert!(error.to_string().contains("use my_crate as _;"));
    ///     Ok(())
    /// }
    /// ```
    ///
    /// Two activities of one name, in whatever modules or crates, are told apart by nobody. The
    /// error gives both places:
    ///
    /// ```standalone_crate
    /// use duroxide::prelude::*;
    ///
    /// mod by_mail {
    ///     use duroxide::prelude::*;
    ///
    ///     #[activity]
    ///     pub async fn notify(_ctx: &ActivityContext, text: String) -> Result<(), String> {
    ///         Ok(drop(text))
    ///     }
    /// }
    ///
    /// mod by_phone {
    ///     use duroxide::prelude::*;
    ///
    ///     #[activity]
    ///     pub async fn notify(_ctx: &ActivityContext, text: String) -> Result<(), String> {
    ///         Ok(drop(text))
    ///     }
    /// }
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let builder = Runtime::builder().store(RedbProvider::in_memory()?);
    ///     let error = builder.start().await.expect_err("which of the two?").to_string();
    ///     assert!(error.contains("activity `notify` 1.0.0 is registered twice"), "{error}");
    ///     let places = error.matches(&format!("{}:", file!())).count();
    ///     assert_eq!(places, 2, "{error}");
    ///     Ok(())
    /// }
    /// ```
    #[expect(
        clippy::unused_async,
        reason = "starting a store from several nodes will wait"
    )]
    pub async fn start(self) -> Result<Arc<Runtime>, StartError> {
        let store = self.store.ok_or(StartError::NoStore)?;
        let mut orchestrations = OrchestrationRegistry::builder();
        let mut activities = ActivityRegistry::builder();
        let mut needed = self.needed;
        for registration in linked().into_iter().chain(self.named) {
            orchestrations.add(registration);
            activities.add(registration);
            needed.extend(registration.data);
        }
        let orchestrations = orchestrations.build_result()?;
        let activities = activities.build_result()?;
        if orchestrations.count() == 0 && activities.count() == 0 {
            return Err(StartError::NothingRegistered);
        }
        let (options, problems) = self.options.repaired();
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem.into());
        }
        if let Some(type_name) = self.twice {
            return Err(StartError::DataTwice { type_name });
        }
        for needed in needed {
            self.data.check(needed)?;
        }
        Ok(Runtime::launch(Parts {
            store,
            env: self.env.unwrap_or_else(|| Arc::new(TokioEnv::new())),
            activities,
            orchestrations,
            options,
            data: self.data,
        }))
    }
}

impl fmt::Debug for RuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuntimeBuilder")
            .field("named", &self.named)
            .finish_non_exhaustive()
    }
}
