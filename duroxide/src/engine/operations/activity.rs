//! Activities: side effects that run elsewhere, at least once, and whose result is recorded.

use std::panic::Location;

use crate::engine::handle::Asked;
use crate::engine::limits::problem_with_label;
use crate::engine::{Limits, TurnHandle};
use crate::history::{EventId, EventKind};

/// An activity that is asked for.
///
/// ```
/// use duroxide::engine::ActivityCall;
///
/// let call = ActivityCall {
///     name: "render".to_owned(),
///     input: "scene-3".to_owned(),
///     tag: Some("gpu".to_owned()),
///     ..ActivityCall::default()
/// };
/// assert_eq!((call.retry, call.session_id), (None, None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActivityCall {
    /// Its name.
    pub name: String,
    /// Its input, as text.
    pub input: String,
    /// What makes it an attempt that is not the first.
    pub retry: Option<Retry>,
    /// The session whose worker runs it.
    pub session_id: Option<String>,
    /// Which workers may run it.
    pub tag: Option<String>,
}

/// An attempt that follows others of the same call.
///
/// ```
/// use duroxide::engine::{ActivityCall, Retry};
/// use duroxide::history::EventId;
///
/// /// The second attempt of a call.
/// fn again(call: ActivityCall, first_attempt: EventId) -> ActivityCall {
///     let retry = Some(Retry { first_attempt, attempt: 2 });
///     ActivityCall { retry, ..call }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The event that scheduled the first attempt.
    pub first_attempt: EventId,
    /// Which attempt this is: 2, 3, ...
    pub attempt: u32,
}

impl ActivityCall {
    fn into_event(self) -> EventKind {
        let retry = self.retry;
        EventKind::ActivityScheduled {
            name: self.name,
            input: self.input,
            attempt: retry.map_or(1, |retry| retry.attempt),
            first_attempt: retry.map(|retry| retry.first_attempt),
            session_id: self.session_id,
            tag: self.tag,
        }
    }
}

impl TurnHandle {
    /// Asks for an activity.
    ///
    /// ```
    /// use std::future::{pending, poll_fn};
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::{ActivityCall, Asked, Resolution, TurnHandle};
    /// use duroxide::{AppErrorKind, ErrorDetails};
    ///
    /// async fn call(turn: &TurnHandle, call: ActivityCall) -> Result<String, ErrorDetails> {
    ///     let id = match turn.schedule_activity(call, Location::caller()) {
    ///         Asked::Open(id) => id,
    ///         Asked::Refused(details) => return Err(details),
    ///         Asked::Ended => return pending().await,
    ///     };
    ///     match poll_fn(|context| turn.poll(id, context)).await {
    ///         Resolution::Activity(result) => result,
    ///         other => {
    ///             let problem = format!("an activity is not answered by {other:?}");
    ///             Err(ErrorDetails::application(AppErrorKind::Rejected, problem))
    ///         }
    ///     }
    /// }
    /// ```
    pub fn schedule_activity(&self, call: ActivityCall, at: &'static Location<'static>) -> Asked {
        self.call(call.into_event(), at)
    }

    /// Asks the runtime itself for something, under a name that no activity can have.
    pub(crate) fn ask_the_runtime(
        &self,
        call: ActivityCall,
        at: &'static Location<'static>,
    ) -> Asked {
        self.call_unless(call.into_event(), at, Limits::problem_with_size)
    }

    /// Leaves the activity to workers that take this tag.
    ///
    /// # Errors
    ///
    /// Why that cannot be said of it, or not any more.
    ///
    /// ```
    /// # use std::panic::Location;
    /// # use duroxide::engine::{ActivityCall, Asked, TurnHandle};
    /// fn on_gpu(turn: &TurnHandle, call: ActivityCall) -> Result<Asked, String> {
    ///     let asked = turn.schedule_activity(call, Location::caller());
    ///     if let Asked::Open(id) = &asked {
    ///         turn.tag_activity(*id, "gpu".to_owned())?;
    ///     }
    ///     Ok(asked)
    /// }
    /// ```
    pub fn tag_activity(&self, id: EventId, with: String) -> Result<(), String> {
        if let Some(problem) = problem_with_label("tag", Some(&with)) {
            return Err(problem);
        }
        let mut state = self.lock();
        let emission = state.emitted.iter_mut().find(|it| it.event.event_id == id);
        match emission.map(|it| &mut it.event.kind) {
            Some(EventKind::ActivityScheduled { tag, .. }) => {
                *tag = Some(with);
                Ok(())
            }
            Some(_) => Err("only activities have a tag".to_owned()),
            None => Err("a tag comes too late once the call was awaited".to_owned()),
        }
    }
}
