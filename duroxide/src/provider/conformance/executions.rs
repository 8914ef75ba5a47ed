//! The executions of an instance, as they are told to whoever looks after it.

use crate::history::{ExecutionId, InstanceId};
use crate::provider::{ExecutionState, ExecutionSummary};
use crate::time::Timestamp;

use super::driver::Driver;
use super::{ProviderFactory, failure};

async fn executions(driver: &Driver<'_>, id: &InstanceId) -> Option<Vec<ExecutionSummary>> {
    Some(driver.admin()?.executions(id).await.unwrap())
}

/// Hand-written events have times of their own, by their numbers.
pub(super) fn time_of(event: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + event)
}

/// Before its first turn an execution runs, has no events, and has not begun.
pub async fn an_execution_before_its_first_turn_has_not_begun(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.start("a").await;
    let Some(executions) = executions(&driver, &id).await else {
        return;
    };
    let expected = ExecutionSummary {
        execution_id: ExecutionId::FIRST,
        state: ExecutionState::Running,
        started_at: None,
        ended_at: None,
        events: 0,
    };
    assert_eq!(executions, [expected]);
}

/// Each execution is told with its state, its times and the number of its events.
pub async fn each_execution_is_told(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| turn.schedule("x", "").continue_as_new(""))
        .await;
    driver.turn(|turn| turn.schedule("y", "")).await;
    let driver = driver.reopen().await;
    let first = ExecutionSummary {
        execution_id: ExecutionId::FIRST,
        state: ExecutionState::ContinuedAsNew,
        started_at: Some(time_of(1)),
        ended_at: Some(time_of(3)),
        events: 3,
    };
    let mut second = ExecutionSummary {
        execution_id: ExecutionId(2),
        state: ExecutionState::Running,
        started_at: Some(time_of(1)),
        ended_at: None,
        events: 2,
    };
    let Some(told) = executions(&driver, &id).await else {
        return;
    };
    assert_eq!(told, [first.clone(), second.clone()]);
    driver.poke(&id, |turn| turn.complete("out")).await;
    second.state = ExecutionState::Completed {
        output: "out".to_owned(),
    };
    second.ended_at = Some(time_of(4));
    second.events = 4;
    let told = executions(&driver, &id).await.unwrap();
    assert_eq!(told, [first, second]);
}

/// A failed execution is told with why.
pub async fn a_failed_execution_is_told_with_why(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver.begin("a", |turn| turn.fail("broken")).await;
    let Some(told) = executions(&driver, &id).await else {
        return;
    };
    let failed = ExecutionState::Failed {
        details: failure("broken"),
    };
    assert_eq!((told.len(), &told[0].state), (1, &failed));
}

/// An unknown instance has no executions.
pub async fn what_is_unknown_has_no_executions(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn).await;
    let unknown = InstanceId::new("b").unwrap();
    if let Some(told) = executions(&driver, &unknown).await {
        assert_eq!(told, []);
    }
}
