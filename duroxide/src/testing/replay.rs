//! Whether a program still does what a history says that it did.

use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;

use crate::engine::{Execution, Nondeterminism};
use crate::registry::{OrchestrationFn, OrchestrationRegistry, code};
use crate::testing::difference::{change, context, told};
use crate::testing::{HistoryError, RecordedHistory};

/// A history that the program fits.
///
/// ```
/// use duroxide::OrchestrationRegistry;
/// use duroxide::testing::{RecordedHistory, ReplayError, replay};
///
/// fn line(history: &RecordedHistory, program: &OrchestrationRegistry) -> Result<String, ReplayError> {
///     let fits = replay(history, program)?;
///     Ok(format!("{} {}: {} events fit", fits.orchestration, fits.version, fits.events))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// The orchestration's name.
    pub orchestration: String,
    /// The version that was run.
    pub version: String,
    /// How many events fitted.
    pub events: usize,
    /// Whether the execution has ended.
    pub ended: bool,
}

/// Why a program does not fit a history.
///
/// ```
/// use duroxide::testing::ReplayError;
///
/// /// Whether the code is the problem, not the file.
/// fn is_of_the_code(error: &ReplayError) -> bool {
///     match error {
///         ReplayError::InFile { problem, .. } => is_of_the_code(problem),
///         other => matches!(other, ReplayError::Changed { .. } | ReplayError::Unregistered { .. }),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// It does not begin with its start.
    #[error("the history does not begin with the start of an orchestration")]
    NoStart,
    /// The program has no such orchestration.
    #[error(
        "`{name}` {version} is not registered: keep that version until its instances are done, or \
         link the crate that has it"
    )]
    Unregistered {
        /// Its name.
        name: String,
        /// The version that the execution is pinned to.
        version: String,
    },
    /// The code does something else than what is recorded.
    #[error("{}", told(.name, .version, .difference, .context, .change.as_deref()))]
    Changed {
        /// The orchestration's name.
        name: String,
        /// Its version.
        version: String,
        /// Where they part.
        difference: Box<Nondeterminism>,
        /// The events before that, in words.
        context: Vec<String>,
        /// What the change was, as far as both sides tell.
        change: Option<String>,
    },
    /// In a folder: which file it is about.
    #[error("{}: {problem}", .path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        problem: Box<ReplayError>,
    },
    /// The folder has no history, so nothing was checked.
    #[error("{}: there is no `.json` file here, so nothing was checked", .path.display())]
    NothingToReplay {
        /// The folder.
        path: PathBuf,
    },
}

/// Runs the orchestration of the program from a recorded history. No activity runs, nothing is
/// written.
///
/// # Errors
///
/// [`ReplayError::Changed`] with the event, both sides and the place in the code; or why it could
/// not be tried.
///
/// ```no_run
/// use duroxide::registry::OrchestrationRegistry;
/// use duroxide::testing::{RecordedHistory, replay};
///
/// # fn check() -> Result<(), Box<dyn std::error::Error>> {
/// let program = OrchestrationRegistry::linked()?;
/// let history = RecordedHistory::read("tests/histories/order-42.json")?;
/// replay(&history, &program)?;
/// # Ok(())
/// # }
/// ```
pub fn replay(
    history: &RecordedHistory,
    program: &OrchestrationRegistry,
) -> Result<Replayed, ReplayError> {
    let (name, version) = history.orchestration().ok_or(ReplayError::NoStart)?;
    let handler = handler(program, name, version)?;
    let mut execution = Execution::new(
        history.instance_id.clone(),
        history.execution_id,
        version.to_owned(),
        code(&handler),
    );
    let replayed = execution.replay(&history.events);
    let fits = replayed.and_then(|()| execution.check_at_rest());
    fits.map_err(|difference| ReplayError::Changed {
        name: name.to_owned(),
        version: version.to_owned(),
        context: context(&history.events, &difference),
        change: change(&history.events, &difference),
        difference: Box::new(difference),
    })?;
    Ok(Replayed {
        orchestration: name.to_owned(),
        version: version.to_owned(),
        events: history.events.len(),
        ended: execution.is_ended(),
    })
}

/// Replays every `.json` file of a folder, in the order of their names.
///
/// ```no_run
/// use duroxide::OrchestrationRegistry;
/// use duroxide::testing::{ReplayError, replay_dir};
///
/// # fn check() -> Result<(), Box<dyn std::error::Error>> {
/// let program = OrchestrationRegistry::linked()?;
/// for replayed in replay_dir("tests/histories", &program)? {
///     println!("{} {}: {} events fit", replayed.orchestration, replayed.version, replayed.events);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ReplayError::InFile`] for the first that does not fit, and [`ReplayError::NothingToReplay`]: a
/// check of nothing is none.
pub fn replay_dir(
    folder: impl AsRef<Path>,
    program: &OrchestrationRegistry,
) -> Result<Vec<Replayed>, ReplayError> {
    let folder = folder.as_ref();
    let in_folder = |source| HistoryError::File {
        path: folder.display().to_string(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(in_folder)? {
        let path = entry.map_err(in_folder)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let path = folder.to_owned();
        return Err(ReplayError::NothingToReplay { path });
    }
    paths.sort();
    let all = paths.into_iter().map(|path| {
        let history = RecordedHistory::read(&path).map_err(ReplayError::from);
        let replayed = history.and_then(|history| replay(&history, program));
        replayed.map_err(|problem| ReplayError::InFile {
            path,
            problem: Box::new(problem),
        })
    });
    all.collect()
}

fn handler(
    program: &OrchestrationRegistry,
    name: &str,
    version: &str,
) -> Result<OrchestrationFn, ReplayError> {
    let parsed = Version::parse(version).ok();
    let found = parsed.and_then(|version| program.resolve_handler_exact(name, &version));
    found.ok_or_else(|| ReplayError::Unregistered {
        name: name.to_owned(),
        version: version.to_owned(),
    })
}
