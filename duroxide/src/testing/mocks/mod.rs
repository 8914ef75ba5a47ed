//! What stands in for activities and children in a test.

mod handlers;
mod mock;
mod typed;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::history::{AppErrorKind, ErrorDetails};

pub(super) use handlers::{activities, orchestrations};
pub use mock::Mock;
pub use typed::{Answer, Later, Mocked, MockedCall, Mocking, Plain};

pub(super) use mock::Stub;
pub(super) use typed::named;

/// What a mock stands for.
///
/// ```
/// use duroxide::testing::Target;
///
/// assert!(Target::Activity < Target::Orchestration); // in this order they are listed
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An activity.
    Activity,
    /// An orchestration: as a child, or started from outside.
    Orchestration,
}

/// All mocks of one test, and who was called.
#[derive(Debug, Default)]
pub(super) struct Mocks(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    stubs: BTreeMap<(Target, String), Arc<Stub>>,
    /// Unmocked activities are refused.
    refuse: bool,
    refused: Vec<String>,
    /// The inputs of all calls of activities.
    calls: BTreeMap<String, Vec<String>>,
}

impl Mocks {
    pub(super) fn install(&self, target: Target, name: &str, stub: Arc<Stub>) {
        self.inside().stubs.insert((target, name.to_owned()), stub);
    }

    pub(super) fn names(&self, target: Target) -> Vec<String> {
        let inside = self.inside();
        let of_target = inside.stubs.keys().filter(|(of, _)| *of == target);
        of_target.map(|(_, name)| name.clone()).collect()
    }

    pub(super) fn refuse_unmocked(&self) {
        self.inside().refuse = true;
    }

    /// The activities that were refused, each once for every call.
    pub(super) fn refused(&self) -> Vec<String> {
        self.inside().refused.clone()
    }

    /// The inputs of the calls of an activity so far, mocked or not.
    pub(super) fn calls_of(&self, activity: &str) -> Vec<String> {
        let inside = self.inside();
        inside.calls.get(activity).cloned().unwrap_or_default()
    }

    fn find(&self, target: Target, name: &str) -> Option<Arc<Stub>> {
        let inside = self.inside();
        inside.stubs.get(&(target, name.to_owned())).map(Arc::clone)
    }

    fn called(&self, activity: &str, input: &str) {
        let mut inside = self.inside();
        let calls = inside.calls.entry(activity.to_owned()).or_default();
        calls.push(input.to_owned());
    }

    /// The failure of an activity that has no mock and may not run, if so.
    fn refusal(&self, activity: &str) -> Option<ErrorDetails> {
        let mut inside = self.inside();
        if !inside.refuse {
            return None;
        }
        inside.refused.push(activity.to_owned());
        Some(unmocked(activity))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unmocked(activity: &str) -> ErrorDetails {
    let message = format!("the activity `{activity}` has no mock, and this test refuses those");
    ErrorDetails::application(AppErrorKind::Rejected, message)
}
