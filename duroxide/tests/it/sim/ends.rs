//! When all is quiet: everything ended as it may, nothing was lost, every history replays from
//! every point.

use duroxide::history::{
    AppErrorKind, ErrorDetails, Event, EventId, EventKind, ExecutionId, InstanceId,
};
use duroxide::provider::{InstanceQuery, InstanceState, InstanceStatus, Provider as _};
use duroxide::registry::OrchestrationRegistry;
use duroxide::testing::{RecordedHistory, replay};
use futures::executor::block_on;

use super::cancelled;
use super::interpreter::orchestrations;
use super::oracle;
use super::program::{CLEANED, Input};
use super::world::World;
use crate::support::message_boundaries;

/// Why children are cancelled that nobody else asked to end.
const BY_PARENT: [&str; 2] = ["parent failed", "parent canceled"];

/// Whose instance an id belongs to.
pub(crate) fn root_of(id: &str) -> &str {
    id.split([':', '-']).next().unwrap_or(id)
}

pub(crate) fn check(world: &World) -> Result<(), String> {
    let program = orchestrations(true, world.shared.plan.skew == 0);
    let all = world.list(&InstanceQuery::default())?;
    for started in world.store.started() {
        if !all.iter().any(|status| status.instance == started) {
            return Err(format!("I1: `{started}` was acknowledged and is not there"));
        }
    }
    let told_twice = world.store.told_twice();
    for status in &all {
        let root = root_of(status.instance.as_str());
        let is_damaged =
            world.damaged.contains(root) || told_twice.iter().any(|id| id.as_str() == root);
        if is_damaged {
            world.shared.saw("a damaged family ended");
            continue;
        }
        check_instance(world, status, &program)
            .map_err(|problem| format!("`{}`: {problem}\n{all:#?}", status.instance))?;
    }
    let lost = world.store.lost();
    if !lost.is_empty() {
        return Err(format!("I4: accepted and never handed out: {lost:?}"));
    }
    Ok(())
}

fn check_instance(
    world: &World,
    status: &InstanceStatus,
    program: &OrchestrationRegistry,
) -> Result<(), String> {
    let id = &status.instance;
    let first = history(world, id, 1)?;
    let Some(EventKind::OrchestrationStarted { input, .. }) = first.first().map(|e| &e.kind) else {
        return Err("no start".to_owned());
    };
    let input: Input = serde_json::from_str(input).map_err(|error| error.to_string())?;
    let last = history(world, id, status.execution_id.0)?;
    check_outcome(world, status, &input, &last)?;
    for execution in 1..=status.execution_id.0 {
        let events = history(world, id, execution)?;
        if ran(&events) {
            check_history(world, id, execution, &events, program)?;
        } else {
            world.shared.saw("an execution ended before its code ran");
        }
    }
    Ok(())
}

/// Whether there was ever code: what is poison before that is pinned to no version of it.
fn ran(events: &[Event]) -> bool {
    let first = events.first().map(|event| &event.kind);
    !matches!(first, Some(EventKind::OrchestrationStarted { version, .. }) if version == "0.0.0")
}

fn history(world: &World, id: &InstanceId, execution: u64) -> Result<Vec<Event>, String> {
    let page = world
        .store
        .read(id, ExecutionId(execution), EventId::NONE, 100_000);
    let page = block_on(page).map_err(|error| error.to_string())?;
    Ok(page.events)
}

fn check_outcome(
    world: &World,
    status: &InstanceStatus,
    input: &Input,
    last: &[Event],
) -> Result<(), String> {
    let shared = &world.shared;
    let asked = |came| cancelled::check(shared, &input.program, last, came);
    let came = match &status.state {
        InstanceState::Completed { output } => Ok(output.clone()),
        InstanceState::Failed { details } => match details {
            // A parent that is poison takes its children with it, and they take theirs.
            ErrorDetails::Application {
                kind: AppErrorKind::Cancelled { reason },
                ..
            } if input.program.may_be_cancelled
                || (shared.plan.bombs && BY_PARENT.contains(&reason.as_str())) =>
            {
                shared.saw("an instance ended as cancelled");
                return asked(None);
            }
            ErrorDetails::Application {
                kind: AppErrorKind::OrchestrationFailed,
                message,
                ..
            } => Err(message.clone()),
            ErrorDetails::Poison { .. } if shared.plan.bombs => {
                shared.saw("an instance ended as poison");
                return Ok(());
            }
            other => return Err(format!("it must not fail so: {other}")),
        },
        other => return Err(format!("it has not ended: {other:?}")),
    };
    asked(Some(&came))?;
    let mut allowed = oracle::outcomes(&input.program, 0);
    if input.program.clean_up.is_some() {
        // Only if somebody asked it to end: that was looked at.
        allowed.insert(Ok(CLEANED.to_owned()));
    }
    let is_allowed = allowed.contains(&came);
    // Whoever is taken for poison on the way fails as an activity, with its own words.
    if is_allowed || (shared.plan.bombs && came.is_err()) {
        return Ok(());
    }
    // With bombs, children may be poison, and outcomes hang on that.
    if shared.plan.bombs && came.as_ref().is_ok_and(|text| text.contains("cf")) {
        return Ok(());
    }
    Err(format!("it came to {came:?}; allowed are {allowed:#?}"))
}

/// I14: what the code did it does again, from every point where a turn may have ended.
fn check_history(
    world: &World,
    id: &InstanceId,
    execution: u64,
    events: &[Event],
    program: &OrchestrationRegistry,
) -> Result<(), String> {
    let mut cuts = message_boundaries(events);
    cuts.retain(|cut| *cut > 0);
    for cut in cuts {
        let prefix = events[..cut].to_vec();
        let prefix = RecordedHistory::new(id.clone(), ExecutionId(execution), prefix);
        let prefix = prefix.map_err(|error| error.to_string())?;
        replay(&prefix, program)
            .map_err(|error| format!("I14: execution {execution}, up to {cut}: {error}"))?;
    }
    for event in events {
        if let EventKind::OrchestrationChained { instance, .. } = &event.kind {
            let other = InstanceId::new(instance).map_err(|error| error.to_string())?;
            let found = block_on(world.store.status(&other));
            if !found.is_ok_and(|found| found.is_some()) {
                return Err(format!("`{other}` was never started"));
            }
        }
    }
    Ok(())
}
