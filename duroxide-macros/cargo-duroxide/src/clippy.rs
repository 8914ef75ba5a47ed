//! What clippy finds by types: methods behind fields and aliases, functions behind names. It is asked with
//! a configuration that is made of the rules, and only what lies in deterministic code is kept.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use duroxide_lint::order::{FILTERS, WALKS};
use duroxide_lint::patterns::{MACROS, MEMBERS, PATHS, TYPES};
use duroxide_lint::rules::{Rule, rule};
use serde_json::Value;

use crate::error::Error;
use crate::report::Report;
use crate::stretch::{Found, Stretch};
use crate::workspace::Workspace;

/// What was found, and whether clippy saw all of it.
pub(crate) struct Asked {
    pub(crate) reports: Vec<Report>,
    /// Why it did not.
    pub(crate) note: Option<String>,
}

/// A path that clippy looks for, and the rule that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disallowed {
    /// The whole path of a function or a macro.
    pub path: String,
    /// The rule.
    pub id: &'static str,
}

/// The functions and methods that clippy looks for: all of the rules that are whole names.
pub fn methods() -> Vec<Disallowed> {
    let named = whole(PATHS);
    let members = PATHS.iter().flat_map(|(id, patterns)| {
        let stars = MEMBERS
            .iter()
            .filter(|(pattern, _)| patterns.contains(pattern));
        stars.flat_map(move |(pattern, names)| {
            let owner = plain(pattern);
            let owner = owner
                .rsplit_once("::")
                .map_or("", |(owner, _)| owner)
                .to_owned();
            names.iter().map(move |name| Disallowed {
                path: format!("{owner}::{name}"),
                id,
            })
        })
    });
    let walks = whole(TYPES).flat_map(|it| {
        let methods = WALKS.iter().chain(FILTERS);
        methods.map(move |name| Disallowed {
            path: format!("{}::{name}", it.path),
            id: it.id,
        })
    });
    sorted(named.chain(members).chain(walks))
}

/// The macros that clippy looks for.
pub fn macros() -> Vec<Disallowed> {
    sorted(whole(MACROS))
}

/// The configuration for clippy.
pub fn configuration() -> String {
    let list = |key: &str, all: Vec<Disallowed>| {
        let mut text = format!("{key} = [\n");
        for Disallowed { path, id } in all {
            let cause = rule(id).map_or("", |rule| rule.cause);
            let _ = writeln!(
                text,
                "  {{ path = \"{path}\", reason = \"{id}: {cause}\", allow-invalid = true }},"
            );
        }
        text + "]\n"
    };
    list("disallowed-methods", methods()) + &list("disallowed-macros", macros())
}

/// Asks clippy about the workspace.
pub(crate) fn ask(
    workspace: &Workspace,
    manifest_path: Option<&Path>,
    stretches: &[Stretch],
) -> Result<Asked, Error> {
    let folder = workspace.target.join("duroxide-clippy");
    // Clippy looks again if it has changed.
    let file = folder.join("clippy.toml");
    let text = configuration();
    if fs::read_to_string(&file).is_ok_and(|known| known == text) {
        return run(workspace, manifest_path, &folder, stretches);
    }
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, text))
        .map_err(|error| Error::new(format!("cannot write {}: {error}", file.display())))?;
    run(workspace, manifest_path, &folder, stretches)
}

fn run(
    workspace: &Workspace,
    manifest_path: Option<&Path>,
    folder: &Path,
    stretches: &[Stretch],
) -> Result<Asked, Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["clippy", "--workspace", "--all-targets", "--keep-going"])
        .args(["--message-format", "json"]);
    if let Some(path) = manifest_path {
        command.arg("--manifest-path").arg(path);
    }
    // What the project denies must not keep clippy from looking at the next crate.
    command
        .args(["--", "--cap-lints", "warn"])
        .args(["--force-warn", "clippy::disallowed_methods"])
        .args(["--force-warn", "clippy::disallowed_macros"])
        .env("CLIPPY_CONF_DIR", folder)
        .stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| Error::new(format!("cannot run `cargo clippy`: {error}")))?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages: Vec<Value> = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let found = messages.iter().filter_map(|it| found(&workspace.root, it));
    let reports = found.flat_map(|found| {
        let reports = stretches.iter().filter_map(move |it| it.report(&found));
        reports.collect::<Vec<_>>()
    });
    let note = (!output.status.success()).then(|| {
        let first = messages.iter().find_map(error);
        let why = first.unwrap_or_else(|| {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            text.lines().last().unwrap_or_default().to_owned()
        });
        format!(
            "clippy has not looked at everything, so methods behind fields may be missing: {why}"
        )
    });
    Ok(Asked {
        reports: reports.collect(),
        note,
    })
}

/// A finding of ours in a message of the compiler.
fn found(root: &Path, message: &Value) -> Option<Found> {
    let message = message.get("message")?;
    let code = message.get("code")?.get("code")?.as_str()?;
    if !code.starts_with("clippy::disallowed_") {
        return None;
    }
    let children = message.get("children")?.as_array()?;
    let mut notes = children.iter().filter_map(|it| it.get("message")?.as_str());
    let rule = notes.find_map(|note| rule(note.split_once(':')?.0))?;
    let spans = message.get("spans")?.as_array()?;
    let span = spans
        .iter()
        .find(|it| it.get("is_primary").and_then(Value::as_bool) == Some(true))?;
    let number = |key: &str| usize::try_from(span.get(key)?.as_u64()?).ok();
    let (line, column) = (number("line_start")?, number("column_start")?);
    let length = if number("line_end")? == line {
        number("column_end")? - column
    } else {
        1
    };
    let named = message.get("message")?.as_str()?.split('`').nth(1)?;
    Some(Found {
        rule,
        subject: subject(rule, named),
        file: root.join(PathBuf::from(span.get("file_name")?.as_str()?)),
        line,
        column,
        length,
    })
}

/// What the rule speaks of: a walk is through a type.
fn subject(rule: &Rule, named: &str) -> String {
    let owner = named.rsplit("::").nth(1).filter(|_| rule.id == "DX0105");
    format!("`{}`", owner.unwrap_or(named))
}

fn error(message: &Value) -> Option<String> {
    let message = message.get("message")?;
    let is_error = message.get("level")?.as_str()? == "error";
    is_error.then(|| Some(message.get("message")?.as_str()?.lines().next()?.to_owned()))?
}

/// The names of a table that are no patterns.
fn whole(
    table: &'static [(&'static str, &'static [&'static str])],
) -> impl Iterator<Item = Disallowed> {
    let named = table.iter().flat_map(|(id, patterns)| {
        let names = patterns.iter().filter(|it| !it.contains(['*', '?']));
        names.map(|pattern| Disallowed {
            path: plain(pattern),
            id,
        })
    });
    // Clippy wants to know in which crate it has to look.
    named.filter(|it| it.path.contains("::"))
}

fn plain(pattern: &str) -> String {
    pattern.replace('|', "")
}

fn sorted(all: impl Iterator<Item = Disallowed>) -> Vec<Disallowed> {
    let mut all: Vec<_> = all.collect();
    all.sort();
    all.dedup();
    all
}
