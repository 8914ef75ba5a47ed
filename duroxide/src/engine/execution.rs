//! One execution: its code, driven by its history message by message.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::engine::inbox::Arrival;
use crate::engine::operations::Cancelled;
use crate::engine::turn_state::{Next, TurnState};
use crate::engine::turn_waker::{InsideTurn, TurnWaker};
use crate::engine::{Budget, Code, CodeFactory, Limits, Nondeterminism, TurnHandle};
use crate::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId, Message, Start,
};
use crate::time::Timestamp;

/// One execution of an instance: its code, suspended between messages, and what it waits for.
///
/// ```
/// use duroxide::Event;
/// use duroxide::engine::{CodeFactory, Execution, Limits, Nondeterminism};
/// use duroxide::history::{ExecutionId, InstanceId};
///
/// /// The instance's first execution, where its history left it.
/// fn resumed(
///     id: InstanceId,
///     version: &str,
///     code: CodeFactory,
///     history: &[Event],
/// ) -> Result<Execution, Nondeterminism> {
///     let limits = Limits { history_events: 1_000, ..Limits::default() };
///     let execution = Execution::new(id, ExecutionId::FIRST, version.to_owned(), code);
///     let mut execution = execution.with_limits(limits);
///     execution.replay(history)?;
///     execution.check_at_rest()?;
///     Ok(execution)
/// }
///
/// fn in_words(execution: &Execution) -> String {
///     let state = if execution.is_ended() { "ended with" } else { "waits behind" };
///     format!("it {state} event {}", execution.last_event_id())
/// }
/// ```
pub struct Execution {
    turn: TurnHandle,
    waker: Arc<TurnWaker>,
    phase: Phase,
    budget: Budget,
    /// The end of a page whose last message may go on in the next.
    held: Vec<Event>,
}

enum Phase {
    /// Nothing is recorded yet.
    New { version: String, code: CodeFactory },
    /// The code waits.
    Running(Code),
    /// A terminal event stands at the end.
    Ended,
}

/// What one message did.
///
/// ```
/// use duroxide::engine::Step;
///
/// /// Whether the message changed nothing, since it came twice or too late.
/// fn is_stale(step: &Step) -> bool {
///     step.events.is_empty() && !step.ended
/// }
/// # assert!(is_stale(&Step::default()));
/// ```
#[derive(Debug, Default)]
pub struct Step {
    /// The message's own event and the requests that it caused, in order. Empty: the message was
    /// stale or a duplicate, and is to be consumed all the same.
    pub events: Vec<Event>,
    /// Whether the last event is terminal.
    pub ended: bool,
}

impl Execution {
    /// An execution before its first event. `version` is what a start pins it to.
    pub fn new(
        instance: InstanceId,
        execution_id: ExecutionId,
        version: String,
        code: CodeFactory,
    ) -> Self {
        let turn = TurnHandle::new(TurnState::new(instance, execution_id));
        let waker = TurnWaker::new(turn.identity());
        Self {
            turn,
            waker,
            phase: Phase::New { version, code },
            budget: Budget::default(),
            held: Vec::new(),
        }
    }

    /// The same with another budget.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        self.turn.lock().limits = limits;
        self
    }

    /// Whether a terminal event stands at the end of the history. Code that ends before its
    /// history does has not ended the execution.
    pub fn is_ended(&self) -> bool {
        self.turn.lock().ended
    }

    /// Whether it consumes that message now. An ended execution consumes none; before its start it
    /// consumes no event: those belong behind the start, which may be on its way.
    ///
    /// ```
    /// # use duroxide::engine::{CodeFactory, Execution};
    /// # use duroxide::history::{ExecutionId, InstanceId, Message, Start};
    /// # let code: CodeFactory = Box::new(|_turn, _input| Box::pin(std::future::pending()));
    /// # let (id, version) = (InstanceId::new("order-42")?, "1.0.0".to_owned());
    /// # let (name, data) = ("paid".to_owned(), String::new());
    /// let execution = Execution::new(id, ExecutionId::FIRST, version, code);
    /// assert!(!execution.takes(&Message::ExternalEvent { name, data }));
    /// assert!(execution.takes(&Message::Start(Start::first("order", "42", 7))));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn takes(&self, message: &Message) -> bool {
        match self.phase {
            Phase::New { .. } => !message.is_event(),
            Phase::Running(_) | Phase::Ended => !self.is_ended(),
        }
    }

    /// With so many new events, or so many bytes of their texts, a turn takes no further message.
    pub(super) fn most_of_a_turn(&self) -> (usize, usize) {
        let state = self.turn.lock();
        (state.limits.turn_events, state.limits.turn_bytes)
    }

    /// Why the history takes no further message, if it is as long as it may become.
    pub(super) fn is_too_long(&self) -> Option<ErrorDetails> {
        let state = self.turn.lock();
        let (events, allowed) = (state.last_event_id().0, state.limits.history_events);
        (events >= allowed && !state.ended).then(|| ErrorDetails::Infrastructure {
            operation: "record the history".to_owned(),
            message: format!(
                "the execution has {events} events; {allowed} are allowed; its author must let it \
                 continue as new"
            ),
            retryable: false,
        })
    }

    /// The last event that was replayed or produced.
    pub fn last_event_id(&self) -> EventId {
        self.turn.lock().last_event_id()
    }

    /// The start of the execution that follows when this one continues as new, with the queue
    /// messages that this one consumed and its code did not read.
    ///
    /// ```
    /// use duroxide::engine::{Execution, Outcome};
    /// use duroxide::history::Message;
    ///
    /// /// The message that the next execution begins with, if there is to be one.
    /// fn successor(execution: &Execution, outcome: Outcome) -> Option<Message> {
    ///     match outcome {
    ///         Outcome::ContinuedAsNew { input, version } => {
    ///             Some(Message::Start(execution.next_start(input, version)))
    ///         }
    ///         Outcome::Pending | Outcome::Completed(_) | Outcome::Failed(_) => None,
    ///     }
    /// }
    /// ```
    pub fn next_start(&self, input: String, version: Option<String>) -> Start {
        let state = self.turn.lock();
        Start {
            execution_id: state.execution_id.next(),
            name: state.name.clone(),
            version,
            input,
            seed: state.seed,
            parent: state.parent.clone().filter(|_| !planted!(ParentLost)),
            carried: if planted!(NotCarried) {
                Vec::new()
            } else {
                state.queues.unread()
            },
            custom_status: state.kept.custom_status.clone(),
            kv: if planted!(ValuesNotCarried) {
                Vec::new()
            } else {
                state.kept.entries()
            },
        }
    }

    /// Brings the code to where the recorded events left it. May be called again with the events
    /// that follow; cut them in front of an event that a message brought, or else what
    /// `patched` is asked in front of the cut cannot see what is recorded behind it.
    /// [`replay_page`](Self::replay_page) sees to that.
    ///
    /// # Errors
    ///
    /// [`Nondeterminism`] as soon as the code asks for something else than what is recorded.
    pub fn replay(&mut self, events: &[Event]) -> Result<(), Nondeterminism> {
        self.turn.lock().replaying = true;
        if planted!(LatestValues) {
            self.turn.lock().read_ahead(events);
        }
        let outcome = events.iter().enumerate().try_for_each(|(place, event)| {
            if event.kind.is_from_message() {
                let behind = events.get(place.saturating_add(1)..).unwrap_or_default();
                self.turn.lock().patches.look_ahead(behind);
                if planted!(AnswersFirst) && is_followed(behind) && self.hands_out(event) {
                    return Ok(());
                }
            }
            self.replay_one(event)
        });
        self.turn.lock().replaying = false;
        outcome
    }

    /// Brings the code to where the recorded events left it, page by page, wherever the pages are
    /// cut. What a page says of its last message waits for the next page, unless there is none.
    ///
    /// # Errors
    ///
    /// [`Nondeterminism`], as for [`replay`](Self::replay).
    ///
    /// ```
    /// # use duroxide::Event;
    /// # use duroxide::engine::{Execution, Nondeterminism};
    /// fn replay(execution: &mut Execution, pages: Vec<Vec<Event>>) -> Result<(), Nondeterminism> {
    ///     let count = pages.len();
    ///     for (number, page) in (1..).zip(pages) {
    ///         execution.replay_page(page, number == count)?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn replay_page(&mut self, page: Vec<Event>, is_last: bool) -> Result<(), Nondeterminism> {
        self.held.extend(page);
        let last_message = self
            .held
            .iter()
            .rposition(|event| event.kind.is_from_message());
        let behind = match (is_last, last_message) {
            (true, _) => Vec::new(),
            (false, place) => self.held.split_off(place.unwrap_or_default()),
        };
        let whole = std::mem::replace(&mut self.held, behind);
        self.replay(&whole)
    }

    /// What a replay must never do: takes an answer without letting the code go on.
    fn hands_out(&mut self, event: &Event) -> bool {
        let mut state = self.turn.lock();
        let Ok(Arrival::Answer(source, resolution)) = state.recorded(event) else {
            return false;
        };
        state.begin_message(event, self.budget.actions);
        let waker = state.resolve(source, resolution);
        drop(state);
        waker.into_iter().for_each(Waker::wake);
        true
    }

    fn replay_one(&mut self, event: &Event) -> Result<(), Nondeterminism> {
        if event.kind.is_from_message() {
            self.turn.lock().expect_nothing_emitted(Some(event))?;
            let arrival = self.turn.lock().recorded(event)?;
            self.consume(event, arrival);
            return Ok(());
        }
        let compared = self.turn.lock().check_emitted(event);
        match compared {
            Err(mismatch) if self.turn.lock().is_taken_over_by(event) => {
                self.end_silently();
                self.turn.lock().take_over(event, mismatch)
            }
            compared => compared,
        }
    }

    /// Whether the code stands where the replayed history ends: it asked for nothing that is not
    /// recorded, and waits for nothing that the history does not drive.
    ///
    /// # Errors
    ///
    /// [`Nondeterminism`], as [`apply`](Self::apply) would find it with the next message.
    pub fn check_at_rest(&self) -> Result<(), Nondeterminism> {
        self.turn.lock().expect_nothing_emitted(None)?;
        self.woken_from_outside().map_or(Ok(()), Err)
    }

    /// Consumes one message at the time `now`, if the execution [`takes`](Self::takes) it.
    ///
    /// # Errors
    ///
    /// [`Nondeterminism`] if the message answers what was never asked, or if the replay before it
    /// left requests that are not recorded. Then [`fail`](Self::fail) is all that is
    /// left to do.
    ///
    /// ```
    /// # use duroxide::Event;
    /// # use duroxide::engine::Execution;
    /// # use duroxide::history::Message;
    /// # use duroxide::time::Timestamp;
    /// /// What is to be written down because of that message.
    /// fn events_of(execution: &mut Execution, message: Message, now: Timestamp) -> Vec<Event> {
    ///     match execution.apply(message, now) {
    ///         Ok(step) => step.events,
    ///         Err(nondeterminism) => execution.fail(nondeterminism.into_details(), now),
    ///     }
    /// }
    /// ```
    pub fn apply(&mut self, message: Message, now: Timestamp) -> Result<Step, Nondeterminism> {
        if !self.takes(&message) {
            return Ok(Step::default());
        }
        self.check_at_rest()?;
        let accepted = match &self.phase {
            Phase::New { version, .. } => self.turn.lock().accept_start(message, version, now)?,
            Phase::Running(_) | Phase::Ended => self.turn.lock().accept(message, now)?,
        };
        let Some((event, arrival)) = accepted else {
            return Ok(Step::default());
        };
        self.consume(&event, arrival);
        let mut events = vec![event];
        events.extend(self.turn.lock().take_emitted());
        Ok(Step {
            events,
            ended: self.is_ended(),
        })
    }

    /// Ends an execution that has begun, for a failure that its code did not cause itself. What the
    /// code asked for behind the last message does not happen; what was open is cancelled.
    pub fn fail(&mut self, details: ErrorDetails, now: Timestamp) -> Vec<Event> {
        if self.is_ended() {
            return Vec::new();
        }
        self.end_silently();
        let mut state = self.turn.lock();
        state.clock(now);
        state.rewind();
        state.end(EventKind::OrchestrationFailed { details });
        state.take_emitted()
    }

    fn consume(&mut self, event: &Event, arrival: Arrival) {
        let _inside = InsideTurn::enter(self.turn.identity());
        let waiting = self.turn.lock().begin_message(event, self.budget.actions);
        // Woken outside of the lock: a waker is foreign code.
        if let Some(waker) = waiting {
            waker.wake();
        }
        match (arrival, std::mem::replace(&mut self.phase, Phase::Ended)) {
            (Arrival::Start(input), Phase::New { code, .. }) => {
                let turn = self.turn.clone();
                match caught(move || code(turn, input)) {
                    Ok(code) => self.phase = Phase::Running(code),
                    Err(text) => self.finish_panicked(text),
                }
            }
            (Arrival::Answer(source, resolution), phase @ Phase::Running(_)) => {
                self.phase = phase;
                let waker = self.turn.lock().resolve(source, resolution);
                if let Some(waker) = waker {
                    waker.wake();
                }
                let too_late = self.turn.lock().deadline_passed(source);
                if let Some(terminal) = too_late {
                    return self.finish_with(terminal);
                }
            }
            (Arrival::Cancel { reason, terminate }, phase @ Phase::Running(_)) => {
                self.phase = phase;
                let cancelled = self.turn.lock().cancel_requested(&reason, terminate);
                match cancelled {
                    Cancelled::Ends(terminal) => return self.finish_with(terminal),
                    Cancelled::GoesOn(wakers) => wakers.into_iter().for_each(Waker::wake),
                }
            }
            // An event, which whoever waits for it has by now: `accept` and `recorded` let nothing
            // else through.
            (_, phase) => self.phase = phase,
        }
        self.poll_to_rest();
    }

    /// Polls the code until it waits for durable operations only, or ends.
    fn poll_to_rest(&mut self) {
        let root = Waker::from(Arc::clone(&self.waker));
        let mut context = Context::from_waker(&root);
        for _ in 0..self.budget.polls {
            let Phase::Running(code) = &mut self.phase else {
                return;
            };
            self.waker.clear_woken();
            let polled = caught(|| code.as_mut().poll(&mut context));
            let next = self.turn.lock().next_after_poll();
            match (polled, next) {
                (Err(text), _) => self.finish_panicked(text),
                (Ok(_), Next::OverBudget) => self.finish_over_budget(TOO_MANY),
                (Ok(_), Next::End(terminal)) => self.finish_with(*terminal),
                (Ok(Poll::Ready(output)), _) => self.finish(output),
                (Ok(Poll::Pending), _) if self.waker.is_woken() => continue,
                (Ok(Poll::Pending), Next::Waits) => {}
                (Ok(Poll::Pending), Next::WaitsForNothing) => self.finish_foreign(),
            }
            return;
        }
        self.finish_over_budget("never came to rest");
    }

    fn finish(&mut self, output: Result<String, ErrorDetails>) {
        let problem = {
            let state = self.turn.lock();
            let (limits, name) = (&state.limits, &state.name);
            match &output {
                Ok(output) => limits.problem_with("output of the orchestration", name, output),
                Err(details) => limits.problem_with_error(name, details),
            }
        };
        let output = match problem {
            Some(problem) => Err(ErrorDetails::application(AppErrorKind::Rejected, problem)),
            None => output,
        };
        self.finish_with(match output {
            Ok(output) => EventKind::OrchestrationCompleted { output },
            Err(details) => EventKind::OrchestrationFailed { details },
        });
    }

    /// Over its budget, code is unwound without having panicked.
    fn finish_panicked(&mut self, text: String) {
        let is_over_budget = matches!(self.turn.lock().next_after_poll(), Next::OverBudget);
        if is_over_budget {
            self.finish_over_budget(TOO_MANY);
        } else {
            self.finish(Err(ErrorDetails::application(AppErrorKind::Panicked, text)));
        }
    }

    fn finish_with(&mut self, terminal: EventKind) {
        self.end_silently();
        let mut state = self.turn.lock();
        let terminal = state.end_of_cancelled(terminal);
        state.end(terminal);
    }

    fn finish_over_budget(&mut self, what: &str) {
        self.finish_instead(ErrorDetails::application(
            AppErrorKind::OrchestrationFailed,
            format!("the orchestration {what} on one message; its author must bound it"),
        ));
    }

    /// The code waits for something that the history does not drive.
    fn finish_foreign(&mut self) {
        let foreign = self
            .woken_from_outside()
            .unwrap_or_else(|| self.turn.lock().waits_for_something_foreign());
        self.finish_instead(foreign.into_details());
    }

    /// Ends with a failure instead of what the code asked for on this message.
    fn finish_instead(&mut self, details: ErrorDetails) {
        self.end_silently();
        let mut state = self.turn.lock();
        state.rewind();
        let terminal = state.end_of_cancelled(EventKind::OrchestrationFailed { details });
        state.end(terminal);
    }

    /// Drops the code without taking the drops of its futures for requests.
    fn end_silently(&mut self) {
        self.turn.lock().closed = true;
        let _inside = InsideTurn::enter(self.turn.identity());
        let phase = std::mem::replace(&mut self.phase, Phase::Ended);
        // A panicking `Drop` of user code ends here: the outcome is decided already.
        let _ = caught(move || drop(phase));
        let wakers = self.turn.lock().take_wakers();
        drop(wakers);
    }

    fn woken_from_outside(&self) -> Option<Nondeterminism> {
        self.waker
            .is_foreign()
            .then(|| self.turn.lock().woken_from_outside())
    }
}

impl Drop for Execution {
    /// Evicting a live instance is not a cancellation.
    fn drop(&mut self) {
        self.end_silently();
    }
}

impl std::fmt::Debug for Execution {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let phase = match self.phase {
            Phase::New { .. } => "new",
            Phase::Running(_) => "running",
            Phase::Ended => "ended",
        };
        f.debug_struct("Execution")
            .field("phase", &phase)
            .finish_non_exhaustive()
    }
}

/// Whether a message brought the next event too.
fn is_followed(behind: &[Event]) -> bool {
    let next = behind.first();
    next.is_some_and(|next| next.kind.is_from_message())
}

/// Runs user code; a panic comes back as its text.
///
/// # Errors
///
/// The text of the panic.
///
/// ```
/// use duroxide::engine::caught;
///
/// assert_eq!(caught(|| 6 * 7), Ok(42));
/// let outcome: Result<(), String> = caught(|| panic!("no stock"));
/// assert_eq!(outcome, Err("no stock".to_owned()));
/// ```
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic_message(panic.as_ref());
        // A payload is user code again when it is dropped. One that panics even then is kept.
        if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(panic))) {
            std::mem::forget(again);
        }
        text
    })
}

/// The text that a panic was raised with.
///
/// ```
/// use std::thread;
///
/// use duroxide::engine::panic_message;
///
/// let thread = thread::spawn(|| -> () { panic!("no stock") });
/// let text = thread.join().map_err(|panic| panic_message(panic.as_ref()));
/// assert_eq!(text, Err("no stock".to_owned()));
/// ```
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}

const TOO_MANY: &str = "asked for too many things";
