//! The checker behind `cargo duroxide`. The rules are those of the macros; here they are applied to the
//! sources of a whole workspace, and of the crates that it depends on.

mod against;
mod calls;
mod error;
mod explain;
mod functions;
mod output;
mod report;
mod workspace;

use std::path::PathBuf;

pub use error::Error;
pub use explain::explain;
pub use output::Format;
pub use report::{Hop, Report};

use duroxide_lint::rules::Level;

use workspace::Workspace;

/// What to check, and how to show it.
#[derive(Clone, Debug)]
pub struct Options {
    /// How findings are written.
    pub format: Format,
    /// The git reference to compare with.
    pub against: Option<String>,
    /// The `Cargo.toml` to begin with; that of the current folder if left out.
    pub manifest_path: Option<PathBuf>,
}

/// All findings as text, and whether there is no error among them.
///
/// # Errors
///
/// If the workspace cannot be read.
pub fn check(options: &Options) -> Result<(String, bool), Error> {
    let (root, reports) = reports(options)?;
    let is_fine = reports.iter().all(|it| it.level != Level::Error);
    Ok((output::write(options.format, &root, &reports), is_fine))
}

/// All findings, and the folder that their files lie below.
///
/// # Errors
///
/// If the workspace cannot be read.
pub fn reports(options: &Options) -> Result<(PathBuf, Vec<Report>), Error> {
    let workspace = Workspace::load(options.manifest_path.as_deref())?;
    let mut reports = Vec::new();
    for krate in &workspace.members {
        reports.extend(functions::check(krate));
    }
    if let Some(reference) = &options.against {
        reports.extend(against::check(&workspace, reference)?);
    }
    reports
        .sort_by(|a, b| (&a.file, a.line, a.column, a.id).cmp(&(&b.file, b.line, b.column, b.id)));
    // A library and its program may share files.
    reports.dedup();
    Ok((workspace.root, reports))
}
