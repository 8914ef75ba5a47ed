//! What `#[activity]` and `#[orchestration]` registered in all linked crates.

use std::fmt;

use crate::activity::NeededData;
use crate::registry::{ActivityFn, OrchestrationFn};

/// One annotated function, as its macro registered it.
///
/// ```
/// use duroxide::registry::linked;
///
/// for registration in linked() {
///     println!("{} {} at {}", registration.name, registration.version, registration.place());
/// }
/// ```
pub struct Registration {
    /// The name that the store knows it by.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The module that it stands in.
    pub module: &'static str,
    /// The source file.
    pub file: &'static str,
    /// The line of the attribute.
    pub line: u32,
    /// What makes its handler.
    pub handler: Handler,
    /// The application data without which the runtime does not start.
    pub data: &'static [NeededData],
}

/// What makes a handler.
///
/// ```
/// use duroxide::registry::{Handler, Registration};
///
/// fn is_activity(registration: &Registration) -> bool {
///     match registration.handler {
///         Handler::Activity(_) => true,
///         Handler::Orchestration(_) => false,
///     }
/// }
/// ```
#[derive(Clone, Copy)]
pub enum Handler {
    /// Of an activity.
    Activity(fn() -> ActivityFn),
    /// Of an orchestration.
    Orchestration(fn() -> OrchestrationFn),
}

inventory::collect!(Registration);

/// A type that stands for an annotated function: what `register::<name>()` takes.
///
/// ```
/// use duroxide::prelude::*;
/// use duroxide::registry::Registered;
///
/// #[activity(name = "mail::send")]
/// async fn send(_ctx: &ActivityContext, text: String) -> Result<usize, String> {
///     Ok(text.len())
/// }
///
/// assert_eq!(send::registration().name, "mail::send");
/// ```
pub trait Registered {
    /// What its macro registered.
    fn registration() -> &'static Registration;
}

impl Registration {
    /// `file:line`
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// Whether both came from the same attribute: registered by itself and by hand.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        (self.module, self.file, self.line, self.name)
            == (other.module, other.file, other.line, other.name)
    }
}

/// All annotated functions of the linked crates, in the order of names and versions: that of the
/// linker changes from build to build.
///
/// An example stands at [`Registration`].
pub fn linked() -> Vec<&'static Registration> {
    let mut all: Vec<_> = inventory::iter::<Registration>.into_iter().collect();
    all.sort_by_key(|entry| {
        (
            entry.name,
            entry.version,
            entry.module,
            entry.file,
            entry.line,
        )
    });
    all
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} at {}", self.name, self.version, self.place())
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Activity(_) => "Activity",
            Self::Orchestration(_) => "Orchestration",
        })
    }
}
