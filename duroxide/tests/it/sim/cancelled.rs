//! What may come of an instance that was asked to end: its history says who asked, and its program
//! what it does then.

use duroxide::history::{Event, EventKind};

use super::program::{CLEANED, CleanUp, Program};
use super::shared::Shared;

/// What its clean-up hands to an activity.
pub(crate) const CLEAN_UP: &str = "clean up";

/// How an instance that was asked to end came to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nobody asked.
    Unasked,
    /// Its code said nothing about it, was not to be asked, or may have been over.
    AtOnce,
    Cleaned,
    /// Its time for cleaning up was over.
    TooLate,
    /// It should have cleaned up.
    Unclean,
}

/// Looks at the last execution of an instance. `came`: what it returned, if it was not cancelled.
pub(crate) fn check(
    shared: &Shared,
    program: &Program,
    last: &[Event],
    came: Option<&Result<String, String>>,
) -> Result<(), String> {
    let end = end_of(program, last);
    // A parent that is poison takes its children with it.
    let may_be_asked = program.may_be_cancelled || shared.plan.bombs;
    if end != End::Unasked && !may_be_asked {
        return Err("nobody may ask it to end, and somebody did".to_owned());
    }
    let is_cleaned = came == Some(&Ok(CLEANED.to_owned()));
    let recovers = program.clean_up.as_ref().is_some_and(|how| how.recovers);
    match end {
        End::Unasked if came.is_none() => Err("it was cancelled, and nobody asked".to_owned()),
        End::Unasked if is_cleaned => Err("it cleaned up, and nobody asked it to end".to_owned()),
        End::AtOnce | End::TooLate | End::Unclean if came.is_some() => {
            Err(format!("{end:?}: asked to end, it came to {came:?}"))
        }
        // The clocks of nodes that differ do not say how much time it had.
        End::Unclean if shared.plan.skew == 0 => Err("it did not clean up in time".to_owned()),
        End::Cleaned if recovers != is_cleaned => Err(format!("cleaned up, it came to {came:?}")),
        End::Cleaned if recovers => {
            shared.saw("an instance went on to a good end after it was cancelled");
            Ok(())
        }
        End::Cleaned => {
            shared.saw("an instance cleaned up when it was cancelled");
            Ok(())
        }
        End::TooLate => {
            shared.saw("a clean-up came too late");
            Ok(())
        }
        End::Unasked | End::AtOnce | End::Unclean => Ok(()),
    }
}

fn end_of(program: &Program, last: &[Event]) -> End {
    let mut requests = last.iter().filter_map(|event| match &event.kind {
        EventKind::OrchestrationCancelRequested { terminate, .. } => Some((event, *terminate)),
        _ => None,
    });
    let Some((request, _)) = requests.clone().next() else {
        return End::Unasked;
    };
    let is_terminated = requests.any(|(_, terminate)| terminate);
    let Some(CleanUp { deadline, .. }) = &program.clean_up else {
        return End::AtOnce;
    };
    let call = last.iter().find(|event| {
        matches!(&event.kind, EventKind::ActivityScheduled { input, .. } if input == CLEAN_UP)
    });
    let is_done = call.is_some_and(|call| {
        let its = |event: &&Event| event.source_event_id == Some(call.event_id);
        let done = |event: &Event| matches!(event.kind, EventKind::ActivityCompleted { .. });
        last.iter().filter(its).any(done)
    });
    if is_done {
        return End::Cleaned;
    }
    if is_terminated {
        return End::AtOnce;
    }
    if is_undoing(last, request) {
        return End::AtOnce;
    }
    let over = request.timestamp.as_millis().saturating_add(*deadline);
    let is_late = |last: &Event| last.timestamp.as_millis() >= over;
    if last.last().is_some_and(is_late) {
        End::TooLate
    } else {
        End::Unclean
    }
}

/// Whether a saga was undone when the request came: if that is because the code has failed, the code
/// is over, and cleans up no more.
fn is_undoing(last: &[Event], request: &Event) -> bool {
    let dropped = |call: &Event| {
        let its = |event: &&Event| event.source_event_id == Some(call.event_id);
        let asked = |event: &Event| matches!(event.kind, EventKind::ActivityCancelRequested { .. });
        last.iter().filter(its).any(asked)
    };
    // Sagas are numbers: an activity is called with such a one to undo it, or is dropped at once.
    let undoes = |event: &&Event| {
        matches!(&event.kind, EventKind::ActivityScheduled { name, input, .. }
            if name == "echo" && input.parse::<u64>().is_ok())
    };
    let before = last.iter().filter(|it| it.event_id < request.event_id);
    before.filter(undoes).any(|call| !dropped(call))
}
