//! Orchestrations whose durable calls changed while their version did not (DX0501).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use duroxide_lint::rules::rule;

use crate::calls::{self, Calls};
use crate::error::Error;
use crate::report::Report;
use crate::workspace::Workspace;

/// What changed against that git reference.
pub(crate) fn check(workspace: &Workspace, reference: &str) -> Result<Vec<Report>, Error> {
    let scratch = tempfile::tempdir()
        .map_err(|error| Error::new(format!("no folder for the old sources: {error}")))?;
    extract(&workspace.root, reference, scratch.path())?;
    let old = Workspace::without_dependencies(&scratch.path().join("Cargo.toml"))?;
    let old = calls::of(&old.members);
    let new = calls::of(&workspace.members);
    let changed = new.into_iter().filter_map(|(key, new)| {
        let old = old.get(&key)?;
        (old.calls != new.calls).then(|| report(&key, old, &new, reference))?
    });
    Ok(changed.collect())
}

fn report(key: &calls::Key, old: &Calls, new: &Calls, reference: &str) -> Option<Report> {
    let rule = rule("DX0501")?;
    let (name, version) = key;
    let text = rule.message(&format!("`{name}` {version}"), "ctx");
    let function = &new.function;
    let mut report = Report::new(rule.id, rule.level, &text, function.place.file.clone());
    report.line = function.function.line;
    report
        .notes
        .insert(0, format!("note: at {reference}: {}", shown(&old.calls)));
    report
        .notes
        .insert(1, format!("note: now: {}", shown(&new.calls)));
    Some(report)
}

fn shown(calls: &[String]) -> String {
    if calls.is_empty() {
        "nothing".to_owned()
    } else {
        calls.join(", ")
    }
}

/// The sources as they were then. Only the files that are looked at are written.
fn extract(root: &Path, reference: &str, into: &Path) -> Result<(), Error> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(root)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| Error::new(format!("cannot run git: {error}")))?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(Error::new(format!(
                "git knows no sources at `{reference}`: {why}"
            )))
        }
    };
    let files = git(&["ls-tree", "-r", "-z", "--name-only", reference, "--", "."])?;
    let files = String::from_utf8_lossy(&files).into_owned();
    let is_wanted = |path: &&str| {
        let extension = Path::new(path).extension();
        extension.is_some_and(|it| it == "rs" || it == "toml")
    };
    for path in files.split('\0').filter(is_wanted) {
        let text = git(&["show", &format!("{reference}:./{path}")])?;
        let target = into.join(path);
        let written = target
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&target, text));
        written
            .map_err(|error| Error::new(format!("cannot write {}: {error}", target.display())))?;
    }
    Ok(())
}
