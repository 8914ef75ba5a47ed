//! The checker behind `cargo duroxide`. The rules are those of the macros; here they are applied to the
//! sources of a whole workspace, and of the crates that it depends on.

mod against;
mod calls;
pub mod clippy;
mod error;
mod explain;
mod functions;
mod output;
mod report;
mod stretch;
mod vouched;
mod workspace;

use std::path::PathBuf;

pub use error::Error;
pub use explain::explain;
pub use output::Format;
pub use report::{Hop, Report};
pub use vouched::Vouched;

use duroxide_lint::rules::Level;

use workspace::Workspace;

/// What to check.
#[derive(Clone, Debug)]
pub struct Options {
    /// The git reference to compare with.
    pub against: Option<String>,
    /// The `Cargo.toml` to begin with; that of the current folder if left out.
    pub manifest_path: Option<PathBuf>,
    /// Whether clippy is asked as well, which has to compile the workspace for that.
    pub asks_clippy: bool,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// The folder that the files lie below.
    pub root: PathBuf,
    /// All findings, by file and line.
    pub reports: Vec<Report>,
    /// The futures that are taken as durable, by file and line.
    pub vouched: Vec<Vouched>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

impl Checked {
    /// The findings as text.
    pub fn text(&self, format: Format) -> String {
        output::write(format, self)
    }

    /// Whether there is no error among them.
    pub fn is_fine(&self) -> bool {
        self.reports.iter().all(|it| it.level != Level::Error)
    }
}

/// Looks at the whole workspace.
///
/// # Errors
///
/// If the workspace cannot be read.
pub fn check(options: &Options) -> Result<Checked, Error> {
    let manifest_path = options.manifest_path.as_deref();
    let workspace = Workspace::load(manifest_path)?;
    let mut reports = Vec::new();
    let mut stretches = Vec::new();
    let mut vouched = Vec::new();
    for krate in &workspace.members {
        let checked = functions::check(krate);
        reports.extend(checked.reports);
        stretches.extend(checked.stretches);
        vouched.extend(checked.vouched);
    }
    let mut notes = Vec::new();
    if options.asks_clippy {
        match clippy::ask(&workspace, manifest_path, &stretches) {
            Ok(asked) => {
                notes.extend(asked.note);
                let known = reports.clone();
                let is_new = |it: &Report| !known.iter().any(|known| known.is_of(it));
                reports.extend(asked.reports.into_iter().filter(is_new));
            }
            Err(error) => notes.push(format!("clippy was not asked: {error}")),
        }
    }
    if let Some(reference) = &options.against {
        reports.extend(against::check(&workspace, reference)?);
    }
    reports
        .sort_by(|a, b| (&a.file, a.line, a.column, a.id).cmp(&(&b.file, b.line, b.column, b.id)));
    // A library and its program may share files.
    reports.dedup();
    vouched.sort();
    vouched.dedup();
    Ok(Checked {
        root: workspace.root,
        reports,
        vouched,
        notes,
    })
}
