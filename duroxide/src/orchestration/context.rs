//! What an orchestration is handed: one short method per verb.

use std::fmt;
use std::future::{Pending, Ready, ready};
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use pin_project_lite::pin_project;
use serde::Serialize;

use crate::codec::{CodecError, dynamic};
use crate::engine::TurnHandle;
use crate::orchestration::guid::even_bits;
use crate::orchestration::select::{Either2, Select2};
use crate::orchestration::undoing::Ledger;
use crate::orchestration::{DurableFuture, Guid, Random};
use crate::time::Timestamp;

/// The durable world of one orchestration: activities, timers, time and ids that replay the same.
///
/// ```
/// use duroxide::prelude::*;
///
/// #[activity]
/// async fn check_in(_ctx: &ActivityContext, guest: String) -> Result<usize, String> {
///     Ok(guest.len())
/// }
///
/// #[orchestration]
/// async fn stay(ctx: &OrchestrationContext, guest: String) -> Result<usize, String> {
///     let room = check_in(ctx, guest).await?;
///     ctx.set_custom_status(format!("asleep in room {room}"));
///     ctx.schedule_timer(Duration::from_secs(8 * 3600)).await;
///     Ok(room)
/// }
/// ```
#[derive(Clone)]
pub struct OrchestrationContext {
    pub(super) turn: TurnHandle,
    pub(super) ledger: Ledger,
}

impl OrchestrationContext {
    /// The context of the execution whose turn this is.
    pub(crate) fn new(turn: TurnHandle) -> Self {
        Self {
            turn,
            ledger: Ledger::default(),
        }
    }

    /// Completes `delay` after now, at the earliest; over crashes and restarts.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn remind(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     ctx.schedule_timer(Duration::from_secs(3 * 24 * 3600)).await; // over any number of restarts
    ///     Ok("it is time".to_owned())
    /// }
    /// ```
    #[track_caller]
    pub fn schedule_timer(&self, delay: Duration) -> DurableFuture<()> {
        let id = self.turn.create_timer(delay, Location::caller());
        DurableFuture::new(self.turn.clone(), id, |_fired| ())
    }

    /// Completes at `time`, or at once if that has passed; over crashes and restarts.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn tomorrow(ctx: &OrchestrationContext) -> Result<(), String> {
    ///     ctx.sleep_until(ctx.now() + Duration::from_secs(24 * 3600)).await;
    ///     Ok(())
    /// }
    /// ```
    #[track_caller]
    pub fn sleep_until(&self, time: SystemTime) -> DurableFuture<()> {
        // Rounded up, as all timers: never early.
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH);
        let due = Timestamp::ZERO.saturating_add(since_epoch.unwrap_or_default());
        self.timer_at(due, Location::caller())
    }

    pub(super) fn timer_at(
        &self,
        due: Timestamp,
        at: &'static Location<'static>,
    ) -> DurableFuture<()> {
        let id = self.turn.create_timer_at(due, at);
        DurableFuture::new(self.turn.clone(), id, |_fired| ())
    }

    /// Runs `future` for at most `delay`.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[activity]
    /// async fn ask(_ctx: &ActivityContext, whom: String) -> Result<String, String> {
    ///     Ok(format!("{whom} says yes"))
    /// }
    ///
    /// #[orchestration]
    /// async fn decide(ctx: &OrchestrationContext, whom: String) -> Result<String, String> {
    ///     match ctx.timeout(Duration::from_secs(60), ask(ctx, whom)).await {
    ///         Ok(answer) => Ok(answer?),
    ///         Err(_elapsed) => Ok("nobody answered".to_owned()),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Elapsed`] if the timer was recorded first; the future is dropped, what it asked for is
    /// cancelled.
    #[track_caller]
    pub fn timeout<F: Future>(&self, delay: Duration, future: F) -> Timeout<F> {
        let race = super::select2(future, self.schedule_timer(delay));
        Timeout { race }
    }

    /// Ends this execution as soon as the code comes to rest; the next one starts with `input` and
    /// a fresh history. Acts even if it is not awaited; never completes.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// # use std::time::Duration;
    /// async fn rounds(ctx: OrchestrationContext, round: String) -> Result<String, String> {
    ///     ctx.schedule_timer(Duration::from_secs(60)).await;
    ///     let next = round.parse::<u64>().map_err(|error| error.to_string())? + 1;
    ///     if next == 1_000 {
    ///         return Ok(round);
    ///     }
    ///     ctx.continue_as_new(next.to_string()).await
    /// }
    /// ```
    pub fn continue_as_new(&self, input: impl Into<String>) -> ContinueAsNew<String, String> {
        self.turn.continue_as_new(input.into(), None);
        ContinueAsNew::new()
    }

    /// The same with another version of the orchestration for the next execution.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn rounds(ctx: OrchestrationContext, round: String) -> Result<String, String> {
    ///     ctx.schedule_activity("measure", round.as_str()).await?;
    ///     ctx.continue_as_new_versioned("2.0.0", round).await // the next execution runs the new code
    /// }
    /// ```
    pub fn continue_as_new_versioned(
        &self,
        version: impl Into<String>,
        input: impl Into<String>,
    ) -> ContinueAsNew<String, String> {
        self.turn
            .continue_as_new(input.into(), Some(version.into()));
        ContinueAsNew::new()
    }

    /// The same with a value: a string travels as it is, all else as JSON. One that does not encode
    /// leaves no next execution to start: the instance fails when it comes to rest.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn sum(ctx: OrchestrationContext, (round, sum): (u64, u64)) -> Result<String, String> {
    ///     let number: u64 = ctx.schedule_activity_typed("measure", &round).await?;
    ///     if round == 1_000 {
    ///         return Ok((sum + number).to_string());
    ///     }
    ///     ctx.continue_as_new_typed(&(round + 1, sum + number)).await
    /// }
    /// ```
    pub fn continue_as_new_typed<In: Serialize>(
        &self,
        input: &In,
    ) -> ContinueAsNew<String, String> {
        self.continue_as_new_with(None, dynamic::encode(input))
    }

    /// The form of annotated functions. An input that does not encode leaves no next execution to
    /// start: the instance fails with the codec's words.
    pub(crate) fn continue_as_new_with<T, E>(
        &self,
        version: Option<&str>,
        input: Result<String, CodecError>,
    ) -> ContinueAsNew<T, E> {
        match input {
            Ok(input) => self.turn.continue_as_new(input, version.map(str::to_owned)),
            Err(error) => self.turn.reject(error.to_string()),
        }
        ContinueAsNew::new()
    }

    /// The answer to a question that could not be asked.
    pub(crate) fn refused<T: Send + 'static>(&self, answer: T) -> DurableFuture<T> {
        DurableFuture::refused(self.turn.clone(), answer)
    }

    /// Fails the instance when it comes to rest: for verbs without room for an error.
    pub(crate) fn reject(&self, problem: String) {
        self.turn.reject(problem);
    }

    /// When the message under way was consumed: recorded, so the same on every replay.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn bake(_ctx: &ActivityContext) -> Result<(), String> { Ok(()) }
    /// #[orchestration]
    /// async fn timed(ctx: &OrchestrationContext) -> Result<u64, String> {
    ///     let began = ctx.now();
    ///     bake(ctx).await?;
    ///     let took = ctx.now().duration_since(began).unwrap_or_default();
    ///     Ok(took.as_secs()) // the same on every replay
    /// }
    /// ```
    pub fn now(&self) -> SystemTime {
        self.turn.now().into()
    }

    /// [`now`](Self::now) in the form of the dynamic layer. There is nothing to wait for, and it never
    /// fails.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// # use std::time::SystemTime;
    /// async fn began(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    ///     let began = ctx.utc_now().await?;
    ///     let age = began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    ///     Ok(format!("{} seconds after the epoch", age.as_secs()))
    /// }
    /// ```
    pub fn utc_now(&self) -> Ready<Result<SystemTime, String>> {
        ready(Ok(self.now()))
    }

    /// An id like a random one, the same on every replay. It is there at once; the dynamic layer
    /// awaits it, and gets it as text.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// # #[activity]
    /// # async fn charge(_ctx: &ActivityContext, payment: String) -> Result<String, String> { Ok(payment) }
    /// #[orchestration]
    /// async fn pay(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let payment = ctx.new_guid().to_string();
    ///     let receipt = charge(ctx, payment).await?;
    ///     Ok(receipt)
    /// }
    /// ```
    pub fn new_guid(&self) -> Guid {
        Guid::from_bits(self.turn.derive_bits())
    }

    /// A value like a random one, the same on every replay.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn draw(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let ticket = ctx.new_guid();
    ///     let number = ctx.random::<u32>() % 49 + 1;
    ///     Ok(format!("{ticket}: {number}"))
    /// }
    /// ```
    pub fn random<T: Random>(&self) -> T {
        T::draw(&mut || even_bits(self.turn.derive_bits()))
    }

    /// The id of the instance.
    ///
    /// ```
    /// # use duroxide::prelude::*;
    /// #[orchestration]
    /// async fn whoami(ctx: &OrchestrationContext) -> Result<String, String> {
    ///     let (id, execution) = (ctx.instance_id(), ctx.execution_id());
    ///     let (name, version) = (ctx.orchestration_name(), ctx.orchestration_version());
    ///     Ok(format!("{id}, execution {execution} of {name} {version}"))
    /// }
    /// ```
    pub fn instance_id(&self) -> String {
        self.turn.instance_id().to_string()
    }

    /// The number of the execution: 1, and one more with each continue-as-new.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn execution_id(&self) -> u64 {
        self.turn.execution_id().0
    }

    /// The name of the orchestration.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn orchestration_name(&self) -> String {
        self.turn.name()
    }

    /// The version that the execution is pinned to.
    ///
    /// An example stands at [`instance_id`](Self::instance_id).
    pub fn orchestration_version(&self) -> String {
        self.turn.version()
    }

    /// The same as [`orchestration_version`](Self::orchestration_version).
    pub fn version(&self) -> String {
        self.orchestration_version()
    }

    /// Whether the change with this id applies to this execution: `true`, unless it came by here before
    /// the change was deployed. Recorded; the first answer holds for the whole execution.
    ///
    /// Ask in front of what was changed, and keep the old code for as long as instances run that
    /// began with it. When they are gone, [`deprecate_patch`](Self::deprecate_patch) takes the place
    /// of the question; when no execution is left that has it in its history, that can go too.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     if ctx.patched("check-stock-first") {
    ///         ctx.schedule_activity("check_stock", id.as_str()).await?;
    ///     }
    ///     ctx.schedule_activity("ship", id).await
    /// }
    /// ```
    #[track_caller]
    pub fn patched(&self, change_id: impl Into<String>) -> bool {
        self.turn.patched(change_id.into(), Location::caller())
    }

    /// Says that the code before a change is gone, while executions may still have it in their history.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn order(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     ctx.deprecate_patch("check-stock-first"); // the code without the check is gone
    ///     ctx.schedule_activity("check_stock", id.as_str()).await?;
    ///     ctx.schedule_activity("ship", id).await
    /// }
    /// ```
    #[track_caller]
    pub fn deprecate_patch(&self, change_id: impl Into<String>) {
        self.turn
            .deprecate_patch(change_id.into(), Location::caller());
    }

    /// Whether the code runs from history at the moment. For logs only: code that decides by it
    /// does not replay.
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn ship(ctx: OrchestrationContext, id: String) -> Result<String, String> {
    ///     if !ctx.is_replaying() {
    ///         println!("{id} got here for the first time");
    ///     }
    ///     ctx.schedule_activity("ship", id).await
    /// }
    /// ```
    pub fn is_replaying(&self) -> bool {
        self.turn.is_replaying()
    }
}

impl fmt::Debug for OrchestrationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrchestrationContext")
            .field(&self.turn)
            .finish()
    }
}

/// Never completes: the execution ends when the code comes to rest.
///
/// An example stands at [`continue_as_new`](OrchestrationContext::continue_as_new).
#[must_use = "`return` it: what stands behind it may still run"]
pub struct ContinueAsNew<T, E> {
    never: Pending<()>,
    output: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> ContinueAsNew<T, E> {
    pub(crate) fn new() -> Self {
        Self {
            never: std::future::pending(),
            output: PhantomData,
        }
    }
}

impl<T, E> Future for ContinueAsNew<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(()) = Pin::new(&mut self.never).poll(context) else {
            return Poll::Pending;
        };
        Poll::Pending
    }
}

impl<T, E> fmt::Debug for ContinueAsNew<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContinueAsNew")
    }
}

pin_project! {
    /// The future of [`timeout`](OrchestrationContext::timeout).
    #[must_use = "futures do nothing until they are awaited"]
    pub struct Timeout<F> {
        #[pin]
        race: Select2<F, DurableFuture<()>>,
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let race = self.project().race.poll(context);
        race.map(|winner| match winner {
            Either2::First(output) => Ok(output),
            Either2::Second(()) => Err(Elapsed(())),
        })
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").finish_non_exhaustive()
    }
}

/// The time of a [`timeout`](OrchestrationContext::timeout) ran out.
///
/// ```
/// # use duroxide::prelude::*;
/// # #[activity]
/// # async fn ask(_ctx: &ActivityContext) -> Result<String, String> { Ok("yes".to_owned()) }
/// #[orchestration]
/// async fn decide(ctx: &OrchestrationContext) -> Result<String, String> {
///     let answer = ctx.timeout(Duration::from_secs(60), ask(ctx)).await??; // of the time, of the call
///     Ok(answer)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time ran out")]
pub struct Elapsed(());

impl From<Elapsed> for String {
    fn from(elapsed: Elapsed) -> Self {
        elapsed.to_string()
    }
}
