//! Where a program and a history part, for whoever changed the program: both sides, what the change
//! was, and what to do.

use crate::engine::{Nondeterminism, describe};
use crate::history::Event;
use crate::time::Timestamp;

use super::snapshot::length;

/// How many events before the difference are shown.
const CONTEXT: usize = 3;

/// The events around the difference, as [`told`] shows them.
pub(super) fn context(events: &[Event], difference: &Nondeterminism) -> Vec<String> {
    let before = events
        .iter()
        .take_while(|event| event.event_id < difference.event_id);
    let before: Vec<_> = before.collect();
    let shown = before.len().saturating_sub(CONTEXT);
    let shown = before.into_iter().skip(shown);
    shown
        .map(|event| format!("{:>4}  {}", event.event_id.0, describe(event)))
        .collect()
}

/// What the change was, as far as both sides tell.
pub(super) fn change(events: &[Event], difference: &Nondeterminism) -> Option<String> {
    let Nondeterminism {
        event_id,
        recorded,
        replayed,
        ..
    } = difference;
    let (was, is) = (Call::of(recorded), Call::of(replayed));
    let mut later = events.iter().filter(|event| event.event_id > *event_id);
    if is.what == was.what && is.input != was.input {
        return Some(match was.kind {
            TIMER => timer(events, difference),
            _ => "the call is the same, its input is another one".to_owned(),
        });
    }
    if let Some(found) =
        later.find(|event| is.is_call() && Call::of(&describe(event)).what == is.what)
    {
        return Some(format!(
            "what the code did is event {} of the history: a call before it was removed, or the two \
             were swapped",
            found.event_id
        ));
    }
    if replayed.starts_with("nothing") || replayed.starts_with("the end") {
        return Some("the code is shorter: a call was removed, or it ends before it".to_owned());
    }
    if recorded == "the end of the history" {
        return Some("the code is longer: a call was added where nothing was".to_owned());
    }
    let renamed = was
        .name
        .filter(|_| was.kind == is.kind && was.name != is.name);
    let attribute = match was.kind {
        ACTIVITY => "activity",
        CHILD => "orchestration",
        _ => return None,
    };
    renamed.map(|name| {
        format!(
            "another {attribute} is called; if only its function was renamed, keep its name for the \
             store: `#[{attribute}(name = \"{name}\")]`"
        )
    })
}

/// Two timers that differ, in lengths: the moments at which they are due tell people little.
fn timer(events: &[Event], difference: &Nondeterminism) -> String {
    let recorded = events
        .iter()
        .find(|event| event.event_id == difference.event_id);
    let Some(recorded) = recorded else {
        return "the timer has another length".to_owned();
    };
    let lengths = [&difference.recorded, &difference.replayed].map(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let due = Timestamp::from_millis(digits.parse().unwrap_or_default());
        length(due.since(recorded.timestamp))
    });
    let [was, is] = lengths;
    format!("the timer is {is} long instead of {was}")
}

/// The whole message.
pub(super) fn told(
    name: &str,
    version: &str,
    difference: &Nondeterminism,
    context: &[String],
    change: Option<&str>,
) -> String {
    let Nondeterminism {
        event_id,
        recorded,
        replayed,
        at,
    } = difference;
    let place = at.map_or_else(
        || "before its first call".to_owned(),
        |at| format!("at {}:{}", at.file(), at.line()),
    );
    let mut before = String::new();
    for line in context {
        before.push_str("\n ");
        before.push_str(line);
    }
    let change = change.map_or_else(String::new, |change| format!("\n  what changed: {change}"));
    format!(
        "`{name}` {version} does not fit the history at event {event_id}{before}\n\
         -{id:>4}  history says: {recorded}\n\
         +{id:>4}  code did:     {replayed}\n                     {place}{change}\n  \
         to keep what runs, put the change behind `ctx.patched(\"..\")`, or register it as a new \
         version beside the old one",
        id = event_id.0,
    )
}

const ACTIVITY: &str = "a call of the activity";
const CHILD: &str = "a call of the orchestration";
const TIMER: &str = "a timer due at";
const KINDS: [&str; 5] = [
    ACTIVITY,
    CHILD,
    "a detached start of the orchestration",
    TIMER,
    "a wait for the event",
];

/// A request in words, taken apart.
struct Call<'t> {
    kind: &'t str,
    /// The kind with the name: all but the input.
    what: &'t str,
    name: Option<&'t str>,
    input: &'t str,
}

impl<'t> Call<'t> {
    fn of(text: &'t str) -> Self {
        let kind = KINDS.into_iter().find(|kind| text.starts_with(kind));
        let kind = kind.unwrap_or_default();
        let (what, input) = match text.split_once(" with the input ") {
            Some(parts) => parts,
            None if kind == TIMER => text.split_at(kind.len()),
            None => (text, ""),
        };
        let name = what.split('`').nth(1);
        Self {
            kind,
            what,
            name,
            input,
        }
    }

    fn is_call(&self) -> bool {
        !self.kind.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_in_words_is_taken_apart() {
        let call = Call::of("a call of the activity `charge` with the input `7a`");
        assert_eq!((call.kind, call.name), (ACTIVITY, Some("charge")));
        assert_eq!(call.what, "a call of the activity `charge`");
        let timer = Call::of("a timer due at 1970-01-01T00:00:01.000Z");
        assert_eq!(timer.what, "a timer due at");
        assert!(!Call::of("the end with the output `x`").is_call());
    }
}
