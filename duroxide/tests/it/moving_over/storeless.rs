//! An orchestration under test without a store and without a runtime.

use duroxide::engine::{Execution, Outcome, Turn, run_turn};
use duroxide::history::{Action, EventId, ExecutionId, InstanceId, Message, Start};
use duroxide::registry::code;
use duroxide::time::Timestamp;
use duroxide::{OrchestrationContext, OrchestrationRegistry};

fn begin(registry: &OrchestrationRegistry, name: &str) -> Execution {
    let (version, handler) = registry.resolve_handler(name).unwrap();
    let instance = InstanceId::new("test").unwrap();
    Execution::new(
        instance,
        ExecutionId::FIRST,
        version.to_string(),
        code(&handler),
    )
}

fn send(execution: &mut Execution, message: Message) -> Turn {
    run_turn(execution, [(message, Timestamp::from_millis(1_000))])
}

#[test]
fn the_code_is_driven_message_by_message_and_replayed() {
    let registry = OrchestrationRegistry::builder()
        .register(
            "Order",
            |ctx: OrchestrationContext, id: String| async move {
                let paid = ctx.schedule_activity("Pay", id).await?;
                Ok(format!("{paid}, {}", ctx.schedule_wait("shipped").await))
            },
        )
        .build();
    let mut execution = begin(&registry, "Order");
    let turn = send(
        &mut execution,
        Message::Start(Start::first("Order", "42", 7)),
    );
    assert_eq!(turn.outcome, Outcome::Pending);
    assert_eq!(turn.actions, [Action::StartActivity { source: EventId(2) }]);
    let mut history = turn.history_delta;
    let paid = Message::ActivityCompleted {
        execution_id: ExecutionId::FIRST,
        source: EventId(2),
        result: "paid".to_owned(),
    };
    history.extend(send(&mut execution, paid).history_delta);

    // From what is recorded the code gets to the same place.
    let mut replayed = begin(&registry, "Order");
    replayed.replay(&history).unwrap();
    let shipped = Message::ExternalEvent {
        name: "shipped".to_owned(),
        data: "by mail".to_owned(),
    };
    let turn = send(&mut replayed, shipped);
    assert_eq!(turn.outcome, Outcome::Completed("paid, by mail".to_owned()));
}
