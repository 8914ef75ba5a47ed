//! Executions driven by hand, and the histories that they leave.

use duroxide::OrchestrationContext;
use duroxide::engine::{Execution, run_turn};
use duroxide::history::{Event, EventId, EventKind, ExecutionId, InstanceId, Message, Start};
use duroxide::join_all;
use duroxide::registry::{self, OrchestrationFn, OrchestrationRegistry};
use duroxide::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Code under measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Activity after activity.
    Chain,
    /// All activities at once.
    FanIn,
}

async fn chain(ctx: OrchestrationContext, count: String) -> Result<String, String> {
    for number in 0..count.parse::<u64>().unwrap() {
        ctx.schedule_activity("echo", number.to_string()).await?;
    }
    Ok(count)
}

async fn fan_in(ctx: OrchestrationContext, count: String) -> Result<String, String> {
    let numbers = 0..count.parse::<u64>().unwrap();
    let calls = numbers.map(|number| ctx.schedule_activity("echo", number.to_string()));
    let outputs: Result<Vec<String>, String> = join_all(calls).await.into_iter().collect();
    Ok(outputs?.len().to_string())
}

impl Shape {
    fn handler(self) -> OrchestrationFn {
        let registry = OrchestrationRegistry::builder()
            .register("chain", chain)
            .register("fan_in", fan_in)
            .build();
        registry.resolve_handler(self.name()).unwrap().1
    }

    fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::FanIn => "fan_in",
        }
    }

    /// Before its first event.
    pub(crate) fn execution(self) -> Execution {
        let instance = InstanceId::new("instance").unwrap();
        let code = registry::code(&self.handler());
        Execution::new(instance, ExecutionId::FIRST, "1.0.0".to_owned(), code)
    }

    pub(crate) fn start(self, count: u64) -> Message {
        Message::Start(Start::first(self.name().to_owned(), count.to_string(), 7))
    }

    /// From the start to the end, each message in a turn of its own; all events.
    pub(crate) fn run(self, mut execution: Execution, count: u64) -> Vec<Event> {
        let mut history = turn(&mut execution, self.start(count));
        let mut answered = 0;
        while let Some(event) = history.get(answered) {
            let source = event.event_id;
            if matches!(event.kind, EventKind::ActivityScheduled { .. }) {
                let events = turn(&mut execution, completed(source));
                history.extend(events);
            }
            answered += 1;
        }
        assert!(execution.is_ended());
        history
    }

    /// The events of a whole run.
    pub(crate) fn history(self, count: u64) -> Vec<Event> {
        self.run(self.execution(), count)
    }
}

fn turn(execution: &mut Execution, message: Message) -> Vec<Event> {
    run_turn(execution, [(message, NOW)]).history_delta
}

fn completed(source: EventId) -> Message {
    Message::ActivityCompleted {
        execution_id: ExecutionId::FIRST,
        source,
        result: "done".to_owned(),
    }
}
