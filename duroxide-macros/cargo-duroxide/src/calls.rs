//! The durable calls of an orchestration, in the order of its text, those of its helpers among them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use duroxide_lint::body::What;
use duroxide_lint::index::annotated::{self, Annotated};
use duroxide_lint::index::chain::{Around, Named};
use duroxide_lint::index::function::Function;
use duroxide_lint::index::krate::{Crate, Place};

/// An orchestration: what the store knows it by.
pub(crate) type Key = (String, String);

/// An orchestration, and what it asks for.
pub(crate) struct Calls {
    pub(crate) function: Annotated,
    pub(crate) calls: Vec<String>,
}

/// All orchestrations of these crates.
pub(crate) fn of(crates: &[Crate]) -> BTreeMap<Key, Calls> {
    let mut found = BTreeMap::new();
    for krate in crates {
        for function in annotated::all(krate) {
            let Some(annotation) = function.function.annotation.clone() else {
                continue;
            };
            if annotation.kind != "orchestration" {
                continue;
            }
            let mut list = List {
                krate,
                calls: Vec::new(),
                visited: BTreeSet::new(),
            };
            list.function(&function.function, &function.place);
            let calls = list.calls;
            found.insert(
                (annotation.name, annotation.version),
                Calls { function, calls },
            );
        }
    }
    found
}

struct List<'a> {
    krate: &'a Crate,
    calls: Vec<String>,
    /// The helpers under way: what calls itself is listed once.
    visited: BTreeSet<(PathBuf, usize)>,
}

/// Methods of the context that are recorded.
const VERBS: &[&str] = &[
    "continue_as_new",
    "continue_as_new_versioned",
    "dequeue_event",
    "patched",
    "schedule_activity",
    "schedule_activity_typed",
    "schedule_activity_with_retry",
    "schedule_sub_orchestration",
    "schedule_timer",
    "schedule_wait",
    "sleep_until",
    "timeout",
    "wait_for",
];

impl List<'_> {
    fn function(&mut self, function: &Function, place: &Place) {
        let position = (place.file.clone(), function.line);
        if !self.visited.insert(position.clone()) {
            return;
        }
        let around = Around {
            place,
            imports: function.imports(),
            self_type: function.self_type.as_deref(),
        };
        for fact in function.facts() {
            match &fact.what {
                What::Method { name, .. } if VERBS.contains(&name.as_str()) => {
                    self.calls.push(format!("{name}(..)"));
                }
                what => {
                    if let Some(path) = what.called() {
                        self.path(&around, &path);
                    }
                }
            }
        }
        self.visited.remove(&position);
    }

    fn path(&mut self, around: &Around<'_>, path: &[String]) {
        let last = path.last().map(String::as_str).unwrap_or_default();
        if path.len() > 1 && last == "continue_as_new" {
            return self.calls.push(format!("{}(..)", path.join("::")));
        }
        if let Named::Function(function, place) = around.path(self.krate, path) {
            match function
                .annotation
                .as_ref()
                .map(|it| (it.kind.as_str(), &it.name))
            {
                Some(("activity", name)) => self.calls.push(format!("activity `{name}`")),
                Some(("orchestration", name)) => self.calls.push(format!("orchestration `{name}`")),
                // Helpers: their calls are made here.
                Some(_) | None => self.function(&function, &place),
            }
        }
    }
}
