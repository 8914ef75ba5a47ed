//! What an activity is handed: who calls, whether anybody still waits, and what the program gave.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::activity::data::{ApplicationData, MissingData};
use crate::activity::pulse::Pulse;
use crate::client::Client;

/// Who calls an activity. As plain data, for whoever makes a context.
///
/// ```
/// use duroxide::ActivityContext;
///
/// let ctx = ActivityContext::for_test().with_info(|info| {
///     info.instance_id = "order-42".to_owned();
///     info.first_attempt_id = 7;
/// });
/// assert_eq!(ctx.idempotency_key(), "order-42/1/7");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActivityInfo {
    /// The instance.
    pub instance_id: String,
    /// Its execution.
    pub execution_id: u64,
    /// The event that scheduled the activity.
    pub activity_id: u64,
    /// The activity's name.
    pub activity_name: String,
    /// The orchestration's name.
    pub orchestration_name: String,
    /// The version that the execution is pinned to.
    pub orchestration_version: String,
    /// Which attempt of the call this is: 1, 2, ...
    pub attempt: u32,
    /// The event that scheduled the first attempt; the activity's own if this is it.
    pub first_attempt_id: u64,
    /// Which delivery of the attempt this is: 1, 2, ... More than one after a crash or a lost lease.
    pub delivery: u32,
    /// The number of the lock under which it runs: larger than that of every delivery before it.
    pub epoch: u64,
    /// The worker that runs it.
    pub worker_id: String,
    /// The session that it belongs to.
    pub session_id: Option<String>,
    /// The tag that it was scheduled with.
    pub tag: Option<String>,
}

/// The surroundings of one run of an activity. Cheap to clone.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[activity]
/// async fn send(ctx: &ActivityContext, text: String) -> Result<String, String> {
///     trace_info!(ctx, "attempt {} of {}", ctx.attempt(), ctx.activity_name());
///     Ok(format!("{}: {text}", ctx.idempotency_key()))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ActivityContext {
    info: Arc<ActivityInfo>,
    cancellation: CancellationToken,
    pulse: Pulse,
    data: ApplicationData,
    client: Client,
}

impl ActivityContext {
    /// A context for this call, cancelled through the token.
    pub(crate) fn new(info: ActivityInfo, data: ApplicationData, client: Client) -> Self {
        Self {
            info: Arc::new(info),
            cancellation: CancellationToken::new(),
            pulse: Pulse::default(),
            data,
            client,
        }
    }

    /// A context for calling an activity as a plain function in a test: first attempt, not
    /// cancelled, without data and without a client. The `with_` methods change that.
    ///
    /// ```
    /// use duroxide::{ActivityContext, activity};
    ///
    /// #[activity]
    /// async fn shout(ctx: &ActivityContext, name: String) -> Result<String, String> {
    ///     let sign = ctx.data::<char>()?;
    ///     Ok(format!("{name}{sign}").repeat(ctx.attempt() as usize))
    /// }
    ///
    /// # futures::executor::block_on(async {
    /// let ctx = ActivityContext::for_test().with_attempt(2).with_data('!');
    /// assert_eq!(shout(&ctx, "ho".to_owned()).await?, "ho!ho!");
    /// # Ok::<(), String>(())
    /// # }).unwrap();
    /// ```
    pub fn for_test() -> Self {
        let info = ActivityInfo {
            instance_id: "test".to_owned(),
            execution_id: 1,
            activity_id: 1,
            activity_name: "test".to_owned(),
            orchestration_name: "test".to_owned(),
            orchestration_version: "1.0.0".to_owned(),
            attempt: 1,
            first_attempt_id: 1,
            delivery: 1,
            epoch: 1,
            worker_id: "test".to_owned(),
            session_id: None,
            tag: None,
        };
        let client = Client::nowhere(
            "the context was made for a test and has no client; give it one with `.with_client(..)`",
        );
        Self::new(info, ApplicationData::default(), client)
    }

    /// The same in another attempt: 1, 2, ...
    ///
    /// An example stands at [`for_test`](Self::for_test).
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        let info = Arc::make_mut(&mut self.info);
        info.attempt = attempt;
        self
    }

    /// The same with this call: for tests of code that reads the ids.
    ///
    /// An example stands at [`ActivityInfo`].
    #[must_use]
    pub fn with_info(mut self, change: impl FnOnce(&mut ActivityInfo)) -> Self {
        change(Arc::make_mut(&mut self.info));
        self
    }

    /// The same with a value of application data more, instead of one of its type.
    ///
    /// An example stands at [`for_test`](Self::for_test).
    #[must_use]
    pub fn with_data<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.data.insert(value);
        self
    }

    /// The same with this client.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use duroxide::storage::redb::RedbProvider;
    /// use duroxide::{ActivityContext, Client};
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let client = Client::new(Arc::new(RedbProvider::in_memory()?));
    /// let ctx = ActivityContext::for_test().with_client(client);
    /// assert!(ctx.client().list_all_instances().await?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// The same, cancelled through this token.
    ///
    /// ```
    /// use duroxide::ActivityContext;
    /// use tokio_util::sync::CancellationToken;
    ///
    /// let token = CancellationToken::new();
    /// let ctx = ActivityContext::for_test().with_cancellation(token.clone());
    /// token.cancel();
    /// assert!(ctx.is_cancelled());
    /// ```
    #[must_use]
    pub fn with_cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = token;
        self
    }

    /// The instance that calls.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// fn caller(ctx: &ActivityContext) -> String {
    ///     let (name, version) = (ctx.orchestration_name(), ctx.orchestration_version());
    ///     let (instance, execution) = (ctx.instance_id(), ctx.execution_id());
    ///     format!("{instance}, execution {execution} of {name} {version}, event {}", ctx.activity_id())
    /// }
    /// # let caller = caller(&ActivityContext::for_test());
    /// # assert_eq!(caller, "test, execution 1 of test 1.0.0, event 1");
    /// ```
    pub fn instance_id(&self) -> &str {
        &self.info.instance_id
    }

    /// Its execution.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn execution_id(&self) -> u64 {
        self.info.execution_id
    }

    /// The event that scheduled this attempt of the activity.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn activity_id(&self) -> u64 {
        self.info.activity_id
    }

    /// The activity's own name.
    ///
    /// An example stands at [`attempt`](Self::attempt).
    pub fn activity_name(&self) -> &str {
        &self.info.activity_name
    }

    /// The name of the orchestration that calls.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn orchestration_name(&self) -> &str {
        &self.info.orchestration_name
    }

    /// The version of the orchestration that calls.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn orchestration_version(&self) -> &str {
        &self.info.orchestration_version
    }

    /// Which attempt of the call this is: 1, 2, ... It grows when the call is retried because the
    /// attempt before failed or took too long.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// fn run(ctx: &ActivityContext) -> String {
    ///     let (name, attempt, delivery) = (ctx.activity_name(), ctx.attempt(), ctx.delivery());
    ///     format!("{name}, attempt {attempt}, delivery {delivery}, by {}", ctx.worker_id())
    /// }
    /// # let run = run(&ActivityContext::for_test().with_attempt(3));
    /// # assert_eq!(run, "test, attempt 3, delivery 1, by test");
    /// ```
    pub fn attempt(&self) -> u32 {
        self.info.attempt
    }

    /// Which delivery of this attempt this is: 1, 2, ... It grows when a worker took the attempt
    /// and did not come back: after a crash, a shutdown or a lost lease.
    ///
    /// An example stands at [`attempt`](Self::attempt).
    pub fn delivery(&self) -> u32 {
        self.info.delivery
    }

    /// The number of the lock under which this delivery runs. It is larger than that of every delivery
    /// before it in this store, in earlier lives of the store too, and has no gaps to rely on.
    ///
    /// A worker that stood still for longer than its lease is not alone any more when it goes on. An
    /// outside system that keeps the largest number it has seen under an
    /// [idempotency key](Self::idempotency_key), and refuses smaller ones, is not written to by such
    /// a latecomer.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// # use duroxide::ActivityContext;
    /// /// What a storage service does with each write.
    /// fn accept(seen: &mut BTreeMap<String, u64>, ctx: &ActivityContext) -> bool {
    ///     let newest = seen.entry(ctx.idempotency_key()).or_default();
    ///     let is_late = ctx.epoch() < *newest;
    ///     *newest = ctx.epoch().max(*newest);
    ///     !is_late
    /// }
    /// # let (mut seen, late) = (BTreeMap::new(), ActivityContext::for_test());
    /// # assert!(accept(&mut seen, &late.clone().with_info(|info| info.epoch = 2)));
    /// # assert!(!accept(&mut seen, &late));
    /// ```
    pub fn epoch(&self) -> u64 {
        self.info.epoch
    }

    /// The worker that runs it: `RuntimeOptions::worker_node_id`, or a random name.
    ///
    /// An example stands at [`attempt`](Self::attempt).
    pub fn worker_id(&self) -> &str {
        &self.info.worker_id
    }

    /// The session that it was scheduled on: activities of one session run on one worker.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// let ctx = ActivityContext::for_test().with_info(|info| {
    ///     info.session_id = Some("conversation-7".to_owned());
    ///     info.tag = Some("gpu".to_owned());
    /// });
    /// assert_eq!(ctx.session_id(), Some("conversation-7"));
    /// assert_eq!(ctx.tag(), Some("gpu"));
    /// ```
    pub fn session_id(&self) -> Option<&str> {
        self.info.session_id.as_deref()
    }

    /// The tag that it was scheduled with.
    ///
    /// An example stands at [`session_id`](Self::session_id).
    pub fn tag(&self) -> Option<&str> {
        self.info.tag.as_deref()
    }

    /// The same text for all attempts and deliveries of this call, and for no other call: hand it
    /// to outside systems, so that doing it twice is doing it once.
    ///
    /// It is made of the instance, the execution and the event that scheduled the first attempt:
    /// `order-42/1/7`.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// # struct Bank;
    /// # impl Bank { async fn transfer(&self, _key: &str, cents: u64) -> Result<u64, String> { Ok(cents) } }
    /// async fn transfer(ctx: &ActivityContext, bank: &Bank, cents: u64) -> Result<u64, String> {
    ///     // A bank that knows the key answers as it did the first time.
    ///     bank.transfer(&ctx.idempotency_key(), cents).await
    /// }
    /// # let ctx = ActivityContext::for_test();
    /// # assert_eq!(futures::executor::block_on(transfer(&ctx, &Bank, 7)), Ok(7));
    /// ```
    pub fn idempotency_key(&self) -> String {
        let ActivityInfo {
            instance_id,
            execution_id,
            first_attempt_id,
            ..
        } = &*self.info;
        format!("{instance_id}/{execution_id}/{first_attempt_id}")
    }

    /// Whether the result is of no use any more: the orchestration does not wait for it, or the
    /// lock is lost. Noticed when the lock is renewed, at a third of
    /// `RuntimeOptions::worker_lock_timeout`. A runtime that shuts down does not say so here: it
    /// drops the activity at its next `.await` when the grace period is over.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// async fn import(ctx: &ActivityContext, lines: Vec<String>) -> Result<usize, String> {
    ///     for line in &lines {
    ///         if ctx.is_cancelled() {
    ///             return Err("nobody waits any more".to_owned());
    ///         }
    ///         println!("{line}");
    ///     }
    ///     Ok(lines.len())
    /// }
    /// ```
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// Completes when [`is_cancelled`](Self::is_cancelled) becomes true.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// # use std::time::Duration;
    /// async fn watch(ctx: &ActivityContext) -> Result<String, String> {
    ///     tokio::select! {
    ///         () = ctx.cancelled() => Err("nobody waits any more".to_owned()),
    ///         () = tokio::time::sleep(Duration::from_secs(60)) => Ok("all quiet".to_owned()),
    ///     }
    /// }
    /// ```
    pub async fn cancelled(&self) {
        self.cancellation.cancelled().await;
    }

    /// The token behind [`cancelled`](Self::cancelled), to hand on.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// async fn search(ctx: &ActivityContext, text: String) -> Result<usize, String> {
    ///     let token = ctx.cancellation_token();
    ///     let job = move || text.lines().take_while(|_| !token.is_cancelled()).count();
    ///     tokio::task::spawn_blocking(job).await.map_err(|error| error.to_string())
    /// }
    /// ```
    pub fn cancellation_token(&self) -> CancellationToken {
        self.cancellation.clone()
    }

    /// Says that the activity is alive, and how far it is. Gives whether it is
    /// [cancelled](Self::is_cancelled), as far as that is known now.
    ///
    /// The worker renews the lock at once (or soon, if it did so a moment ago), and so learns early
    /// that nobody waits any more. An activity needs no heartbeat to keep its lock: that is renewed
    /// as long as the activity runs. The last `progress` is kept in memory for the log, where it
    /// stands if the activity has to be dropped; it is not stored, and no later attempt sees it.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// async fn import(ctx: &ActivityContext, lines: &[String]) -> Result<(), String> {
    ///     for (done, line) in lines.iter().enumerate() {
    ///         if ctx.heartbeat(format!("{done} of {}", lines.len())) {
    ///             return Err("cancelled".to_owned());
    ///         }
    ///         // ..
    /// #       drop(line);
    ///     }
    ///     Ok(())
    /// }
    /// # futures::executor::block_on(import(&ActivityContext::for_test(), &[])).unwrap();
    /// ```
    pub fn heartbeat(&self, progress: impl fmt::Display) -> bool {
        self.pulse.beat(progress.to_string());
        self.is_cancelled()
    }

    /// What the last [`heartbeat`](Self::heartbeat) said.
    ///
    /// ```
    /// use duroxide::ActivityContext;
    ///
    /// let ctx = ActivityContext::for_test();
    /// ctx.heartbeat("half done");
    /// assert_eq!(ctx.progress(), Some("half done".to_owned()));
    /// ```
    pub fn progress(&self) -> Option<String> {
        self.pulse.progress()
    }

    /// The value of that type that the program gave the runtime with `.data(..)`.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// struct Prices(Vec<u64>);
    ///
    /// fn price(ctx: &ActivityContext, item: usize) -> Result<u64, String> {
    ///     let Prices(prices) = ctx.data::<Prices>()?;
    ///     prices.get(item).copied().ok_or_else(|| format!("there is no item {item}"))
    /// }
    /// # let ctx = ActivityContext::for_test();
    /// # assert!(price(&ctx, 0).unwrap_err().contains("Prices"));
    /// # assert_eq!(price(&ctx.with_data(Prices(vec![7])), 0), Ok(7));
    /// ```
    ///
    /// # Errors
    ///
    /// [`MissingData`], which names the type.
    pub fn data<T: Send + Sync + 'static>(&self) -> Result<&T, MissingData> {
        self.data.get()
    }

    /// A client of the store that the activity came from.
    ///
    /// ```
    /// # use duroxide::ActivityContext;
    /// async fn escalate(ctx: &ActivityContext, order: u64) -> Result<(), String> {
    ///     let id = format!("escalation-{order}"); // the same one, if the activity runs twice
    ///     let started = ctx.client().start_orchestration_typed(id, "escalate", order).await;
    ///     started.map_err(|error| error.to_string())
    /// }
    /// ```
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The same as [`client`](Self::client), by its name in the dynamic layer.
    pub fn get_client(&self) -> Client {
        self.client()
    }

    pub(crate) fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }
}
