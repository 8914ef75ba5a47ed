//! Orchestration code under test, and executions of it.

use duroxide::OrchestrationContext;
use duroxide::engine::{Budget, CodeFactory, Execution, Limits, Nondeterminism, run_turn};
use duroxide::history::{Event, EventKind, ExecutionId, InstanceId, Message};
use duroxide::registry::{self, OrchestrationFn, OrchestrationRegistry};
use duroxide::time::Timestamp;

use super::{Live, message_boundaries};

/// A message with the time of its consumption.
pub(crate) type Timed = (Message, Timestamp);

#[derive(Clone)]
pub(crate) struct Program {
    handler: OrchestrationFn,
    budget: Budget,
    limits: Limits,
}

impl Program {
    pub(crate) fn new<F, Fut>(code: F) -> Self
    where
        F: Fn(OrchestrationContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        Self::with_input(move |context, _input| code(context))
    }

    pub(crate) fn with_input<F, Fut>(code: F) -> Self
    where
        F: Fn(OrchestrationContext, String) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, String>> + Send + 'static,
    {
        let registry = OrchestrationRegistry::builder()
            .register("test", code)
            .build();
        Self::of(registry.resolve_handler("test").unwrap().1)
    }

    pub(crate) fn of(handler: OrchestrationFn) -> Self {
        Self {
            handler,
            budget: Budget::default(),
            limits: Limits::default(),
        }
    }

    pub(crate) fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub(crate) fn with_budget(self, polls: u32, actions: usize) -> Self {
        let budget = Budget { polls, actions };
        Self { budget, ..self }
    }

    pub(crate) fn execution(&self) -> Execution {
        self.execution_of("instance", ExecutionId::FIRST)
    }

    pub(crate) fn execution_of(&self, instance: &str, execution_id: ExecutionId) -> Execution {
        let instance = InstanceId::new(instance).unwrap();
        Execution::new(instance, execution_id, "1.0.0".to_owned(), self.code())
            .with_budget(self.budget)
            .with_limits(self.limits.clone())
    }

    pub(crate) fn code(&self) -> CodeFactory {
        registry::code(&self.handler)
    }

    /// A live execution that has consumed its start.
    pub(crate) fn start(&self) -> Live {
        let mut live = Live::new(self.clone());
        live.send(super::start(""));
        live
    }

    /// A cold execution with this history.
    pub(crate) fn replay(&self, history: &[Event]) -> Result<Execution, Nondeterminism> {
        let mut execution = self.execution();
        execution.replay(history)?;
        Ok(execution)
    }

    /// Why this history does not replay.
    pub(crate) fn refusal(&self, history: &[Event]) -> Nondeterminism {
        self.replay(history).unwrap_err()
    }

    /// The history when the messages come in batches of these sizes, each to a cold execution.
    pub(crate) fn cold(&self, messages: &[Timed], batches: &[usize]) -> Vec<Event> {
        let mut history = Vec::new();
        let mut rest = messages;
        for &size in batches.iter().chain([&usize::MAX]) {
            let (batch, behind) = rest.split_at(size.min(rest.len()));
            let mut execution = self.replay(&history).unwrap();
            if batch.is_empty() || execution.is_ended() {
                break;
            }
            history.extend(run_turn(&mut execution, batch.to_vec()).history_delta);
            rest = behind;
        }
        history
    }

    /// Whatever the cut, the messages make this history, and it replays.
    pub(crate) fn check(&self, messages: &[Timed], history: &[Event]) {
        for (index, event) in history.iter().enumerate() {
            assert_eq!(event.event_id.0, index as u64 + 1, "dense ids");
            let last = index + 1 == history.len();
            assert!(last || !event.kind.is_terminal(), "nothing behind the end");
            assert_eq!(index == 0, super::line(event).contains(" start: "));
        }
        let same = |other: Vec<Event>, how: &str| {
            assert_eq!(super::lines(&other), super::lines(history), "{how}");
            let [a, b] = [&other, history].map(|it| serde_json::to_string(it).unwrap());
            assert_eq!(a, b, "{how}");
        };
        same(self.cold(messages, &[]), "one batch");
        same(
            self.cold(messages, &vec![1; messages.len()]),
            "replayed before each message",
        );
        // What `patched` asks looks ahead, up to the next message.
        let has_patches = history
            .iter()
            .any(|event| matches!(event.kind, EventKind::PatchApplied { .. }));
        for cut in 0..=history.len() {
            if !has_patches {
                let mut execution = self.replay(&history[..cut]).unwrap();
                assert_eq!(
                    execution.last_event_id().0,
                    cut as u64,
                    "the page up to {cut}"
                );
                execution.replay(&history[cut..]).unwrap();
            }
            let mut execution = self.execution();
            let (page, rest) = history.split_at(cut);
            execution.replay_page(page.to_vec(), false).unwrap();
            execution.replay_page(rest.to_vec(), true).unwrap();
            assert_eq!(execution.last_event_id().0, history.len() as u64);
            let ends = history.last().is_some_and(|event| event.kind.is_terminal());
            assert_eq!(execution.is_ended(), ends);
        }
        for boundary in message_boundaries(history) {
            let known = history[..boundary].iter();
            let known = known.filter(|event| event.kind.is_from_message()).count();
            let effective = self.effective(messages);
            let mut execution = self.replay(&history[..boundary]).unwrap();
            let mut continued = history[..boundary].to_vec();
            let rest = effective[known.min(effective.len())..].to_vec();
            if !execution.is_ended() {
                continued.extend(run_turn(&mut execution, rest).history_delta);
            }
            same(continued, "continued at a boundary");
        }
    }

    /// The messages without those that do nothing. One that ends an execution is always kept.
    fn effective(&self, messages: &[Timed]) -> Vec<Timed> {
        let mut execution = self.execution();
        let did_something = |message: &&Timed| {
            let before = execution.last_event_id();
            run_turn(&mut execution, [(*message).clone()]);
            execution.last_event_id() != before
        };
        messages.iter().filter(did_something).cloned().collect()
    }
}
