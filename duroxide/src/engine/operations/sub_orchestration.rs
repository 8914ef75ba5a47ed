//! Sub-orchestrations: instances of their own, whose end is an answer; and detached ones, for which
//! nobody waits.

use std::panic::Location;

use crate::engine::TurnHandle;
use crate::engine::handle::Asked;
use crate::engine::turn_state::TurnState;
use crate::history::{EventId, EventKind, ExecutionId, InstanceId, InvalidName};

pub use crate::history::CHILD_INFIX;

/// What is started.
///
/// ```
/// use duroxide::engine::Callee;
///
/// let input = "order 42".to_owned();
/// let invoice = Callee { name: "invoice".to_owned(), version: Some("2.0.0".to_owned()), input };
/// # assert_eq!(invoice.input, "order 42");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callee {
    /// The name of the orchestration.
    pub name: String,
    /// Its version; `None`: whatever its starter's worker chooses.
    pub version: Option<String>,
    /// Its input, as text.
    pub input: String,
}

impl TurnHandle {
    /// Asks for a child with this id, or with one that the engine makes up.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the id is none; nothing is asked for then. One that is made up becomes too
    /// long when children nest too deeply.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::{Asked, Callee, TurnHandle};
    /// use duroxide::history::InvalidName;
    ///
    /// /// A child with an id such as `order-42::sub::2`.
    /// fn ship(turn: &TurnHandle, input: String) -> Result<Asked, InvalidName> {
    ///     let callee = Callee { name: "ship".to_owned(), version: None, input };
    ///     turn.schedule_sub_orchestration(callee, None, Location::caller())
    /// }
    /// ```
    pub fn schedule_sub_orchestration(
        &self,
        callee: Callee,
        instance: Option<String>,
        at: &'static Location<'static>,
    ) -> Result<Asked, InvalidName> {
        let instance = match instance {
            Some(instance) => InstanceId::new(instance)?,
            None => self.lock().child_id()?,
        };
        Ok(self.call(
            EventKind::SubOrchestrationScheduled {
                name: callee.name,
                version: callee.version,
                instance: instance.to_string(),
                input: callee.input,
            },
            at,
        ))
    }

    /// Starts an instance that nobody waits for.
    ///
    /// # Errors
    ///
    /// If the id is none or the input is too long; nothing is started then.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::{Callee, TurnHandle};
    /// use duroxide::history::InstanceId;
    ///
    /// fn remind(turn: &TurnHandle, customer: &str) -> Result<InstanceId, String> {
    ///     let (id, input) = (format!("reminder-{customer}"), customer.to_owned());
    ///     let callee = Callee { name: "remind".to_owned(), version: None, input };
    ///     turn.start_detached(callee, Some(id), Location::caller())
    /// }
    /// ```
    pub fn start_detached(
        &self,
        callee: Callee,
        instance: Option<String>,
        at: &'static Location<'static>,
    ) -> Result<InstanceId, String> {
        let instance = match instance {
            Some(instance) => InstanceId::new(instance),
            None => self.lock().child_id(),
        };
        let instance = instance.map_err(|problem| problem.to_string())?;
        let kind = EventKind::OrchestrationChained {
            name: callee.name,
            version: callee.version,
            instance: instance.to_string(),
            input: callee.input,
        };
        let problem = self.lock().limits.problem_of(&kind);
        if let Some(problem) = problem {
            return Err(problem);
        }
        if planted!(ForgottenStart) && self.is_replaying() {
            return Ok(instance);
        }
        self.ask(kind, at);
        Ok(instance)
    }
}

impl TurnState {
    /// The id of the child that the next event starts: no other event has the same.
    fn child_id(&self) -> Result<InstanceId, InvalidName> {
        let next = self.last.next();
        InstanceId::new(made_up(&self.instance, self.execution_id, next))
    }
}

fn made_up(parent: &InstanceId, execution_id: ExecutionId, event: EventId) -> String {
    if execution_id == ExecutionId::FIRST || planted!(ChildIdAgain) {
        format!("{parent}{CHILD_INFIX}{event}")
    } else {
        format!("{parent}{CHILD_INFIX}{execution_id}_{event}")
    }
}
