//! The build of the copy: the mutants that do not compile are taken out until the rest does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::blame::{Message, blamed};
use crate::error::{About as _, Error};
use crate::list::Mutant;
use crate::progress;
use crate::refused::{NO_FORM, Refused};
use crate::tree::Tree;

/// A program with tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Those beside the code.
    Unit,
    /// Those from outside.
    Outside,
}

/// What was built.
#[derive(Debug)]
pub(crate) struct Built<'a> {
    /// The mutants that are in it.
    pub(crate) mutants: Vec<&'a Mutant>,
    pub(crate) programs: BTreeMap<Kind, PathBuf>,
}

const CHECK: &[&str] = &["check", "--lib"];
const BUILD: &[&str] = &["test", "--no-run", "--lib", "--test", "it"];

/// Builds the copy with as many of these mutants as possible. The others are noted in `refused`.
pub(crate) fn build<'a>(
    tree: &Tree,
    mutants: &[&'a Mutant],
    refused: &mut Refused,
) -> Result<Built<'a>, Error> {
    let mut put_in = Vec::new();
    let mut built = Said::default();
    for (step, arguments) in [("checked", CHECK), ("built", BUILD)] {
        loop {
            put_in = mutants.to_vec();
            put_in.retain(|mutant| !refused.has(mutant));
            let fate = tree.write(&put_in)?;
            for mutant in put_in.iter().filter(|it| !fate.done.contains(&it.id)) {
                let is_wrong = fate.wrong.contains(&mutant.id);
                refused.add(mutant, if is_wrong { "syntax" } else { NO_FORM });
            }
            put_in.retain(|mutant| fate.done.contains(&mutant.id));
            progress(&format!("{} mutants are {step}", put_in.len()));
            built = cargo(tree, arguments)?;
            if built.is_fine {
                break;
            }
            let blamed = blamed(&tree.folder(), &built.errors);
            let known = put_in.iter().filter(|it| blamed.contains_key(&it.id));
            let known: Vec<_> = known.copied().collect();
            if known.is_empty() {
                return Err(Error::new(built.first_error()));
            }
            for mutant in known {
                let code = blamed.get(&mutant.id).map_or("", String::as_str);
                refused.add(mutant, code);
            }
            refused.save()?;
        }
    }
    refused.save()?;
    Ok(Built {
        mutants: put_in,
        programs: built.programs,
    })
}

/// What cargo said.
#[derive(Debug, Default)]
struct Said {
    is_fine: bool,
    /// Messages of the compiler.
    errors: Vec<Message>,
    programs: BTreeMap<Kind, PathBuf>,
    beside: String,
}

impl Said {
    fn first_error(&self) -> String {
        let rendered = self.errors.iter().find_map(|it| it.rendered.as_ref());
        let what = rendered.unwrap_or(&self.beside);
        format!("the copy with mutants does not compile, and no mutant can be blamed:\n{what}")
    }
}

fn cargo(tree: &Tree, arguments: &[&str]) -> Result<Said, Error> {
    let mut command = Command::new("cargo");
    command
        .args(arguments)
        .args(["-p", "duroxide", "--all-features"])
        .arg("--message-format=json")
        .current_dir(tree.folder())
        .env("CARGO_TARGET_DIR", tree.work.join("build"))
        // What is denied in the sources would be true of mutants: code behind a `return`.
        .env("RUSTFLAGS", "--cap-lints warn")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .stdin(Stdio::null());
    let output = command.output().about("cargo")?;
    let mut said = Said {
        is_fine: output.status.success(),
        beside: String::from_utf8_lossy(&output.stderr).into_owned(),
        ..Said::default()
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Ok(message) = serde_json::from_str(line) {
            said.read(message);
        }
    }
    Ok(said)
}

/// A line of cargo's.
#[derive(Deserialize)]
struct Line {
    message: Option<Message>,
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Said {
    fn read(&mut self, line: Line) {
        if let Some(message) = line.message.filter(|it| it.level == "error") {
            self.errors.push(message);
        }
        if let (Some(program), Some(target)) = (line.executable, line.target) {
            let kind = match target.name.as_str() {
                "it" => Kind::Outside,
                _ => Kind::Unit,
            };
            self.programs.insert(kind, program);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_says_is_read() {
        let mut said = Said::default();
        for line in [
            r#"{"reason": "compiler-message", "message": {"level": "warning", "rendered": "careful"}}"#,
            r#"{"reason": "compiler-message", "message": {"level": "error", "rendered": "wrong"}}"#,
            r#"{"reason": "compiler-artifact", "target": {"name": "duroxide"}, "executable": null}"#,
            r#"{"reason": "compiler-artifact", "target": {"name": "duroxide"}, "executable": "/a"}"#,
            r#"{"reason": "compiler-artifact", "target": {"name": "it"}, "executable": "/b"}"#,
        ] {
            said.read(serde_json::from_str(line).unwrap());
        }
        assert!(said.first_error().ends_with("wrong"), "{said:?}");
        assert_eq!(said.programs[&Kind::Unit], PathBuf::from("/a"));
        assert_eq!(said.programs[&Kind::Outside], PathBuf::from("/b"));
    }
}
