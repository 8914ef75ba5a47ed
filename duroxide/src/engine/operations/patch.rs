//! Changes of code beside running instances: the first question decides for the whole execution.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;

use crate::engine::TurnHandle;
use crate::history::{Event, EventKind};

/// Which changes apply to this execution.
#[derive(Debug, Default)]
pub(in crate::engine) struct Patches {
    decided: BTreeMap<String, bool>,
    /// Recorded behind the message that is replayed.
    ahead: BTreeSet<String>,
}

impl Patches {
    /// Looks at what is recorded behind a message, up to the next.
    pub(in crate::engine) fn look_ahead(&mut self, behind: &[Event]) {
        self.ahead.clear();
        let own = behind
            .iter()
            .take_while(|event| !event.kind.is_from_message());
        for event in own {
            if let EventKind::PatchApplied { id } = &event.kind {
                self.ahead.insert(id.clone());
            }
        }
    }
}

impl TurnHandle {
    /// Whether the change applies: yes, unless the execution came by here before the change.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::TurnHandle;
    ///
    /// /// The name of the activity that ships an order.
    /// fn shipping(turn: &TurnHandle) -> &'static str {
    ///     let is_new = turn.patched("by-drone".to_owned(), Location::caller());
    ///     if is_new { "ship_by_drone" } else { "ship_by_mail" }
    /// }
    /// ```
    pub fn patched(&self, id: String, at: &'static Location<'static>) -> bool {
        let mut state = self.lock();
        if let Some(&decided) = state.patches.decided.get(&id) {
            return decided;
        }
        let applies = !state.replaying || state.patches.ahead.remove(&id);
        state.patches.decided.insert(id.clone(), applies);
        drop(state);
        if applies {
            self.ask(EventKind::PatchApplied { id }, at);
        }
        applies
    }

    /// The old code is gone, but executions may still have the change in their history.
    ///
    /// ```
    /// # use std::panic::Location;
    /// # use duroxide::engine::TurnHandle;
    /// fn shipping(turn: &TurnHandle) -> &'static str {
    ///     turn.deprecate_patch("by-drone".to_owned(), Location::caller());
    ///     "ship_by_drone"
    /// }
    /// ```
    pub fn deprecate_patch(&self, id: String, at: &'static Location<'static>) {
        let mut state = self.lock();
        // Taken out: each record is asked for once.
        let is_recorded = state.replaying && state.patches.ahead.remove(&id);
        state.patches.decided.insert(id.clone(), true);
        drop(state);
        if is_recorded {
            self.ask(EventKind::PatchApplied { id }, at);
        }
    }
}
