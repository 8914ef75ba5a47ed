//! The mutants, as cargo-mutants lists them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::error::{About as _, Error};

/// One change of one place of the source.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    /// Its place in the list, from 1 on: the number of its switch.
    pub(crate) id: usize,
    /// Its file, from the root of the workspace.
    pub(crate) file: String,
    /// What cargo-mutants calls it: `file:line:column: replace .. with ..`.
    pub(crate) name: String,
    pub(crate) genre: Genre,
    /// The text that stands there in the mutant; empty where something is deleted.
    pub(crate) replacement: String,
    /// Where it begins: line and column, in characters, both from 1 on.
    pub(crate) place: (usize, usize),
    /// What the function around it returns, as `-> Type`.
    pub(crate) returns: String,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Genre {
    /// The body of a function is a value.
    Body,
    Binary,
    Unary,
    /// An arm of a `match` is not there.
    Arm,
    /// The guard of an arm is `true`, or `false`.
    Guard,
    /// A field of a struct with a base is not there.
    Field,
    /// What a later version of cargo-mutants may know.
    Other,
}

impl Genre {
    fn of(name: &str) -> Self {
        match name {
            "FnValue" => Self::Body,
            "BinaryOperator" => Self::Binary,
            "UnaryOperator" => Self::Unary,
            "MatchArm" => Self::Arm,
            "MatchArmGuard" => Self::Guard,
            "StructField" => Self::Field,
            _ => Self::Other,
        }
    }
}

/// Asks cargo-mutants; which files it looks at stands in `.cargo/mutants.toml`.
pub(crate) fn ask(root: &Path) -> Result<Vec<Mutant>, Error> {
    let mut command = Command::new("cargo");
    command.args(["mutants", "--list", "--json"]);
    let output = command.current_dir(root).output().about("cargo")?;
    if output.status.success() {
        return read(&String::from_utf8_lossy(&output.stdout));
    }
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("no such command") {
        return Err(Error::new(
            "cargo-mutants is not installed, and the list of mutants is its: \
             `cargo install cargo-mutants --locked`",
        ));
    }
    Err(Error::new(format!("cargo mutants --list: {}", text.trim())))
}

/// A list that was written to a file before.
pub(crate) fn from_file(path: &Path) -> Result<Vec<Mutant>, Error> {
    read(&fs::read_to_string(path).about(path.display())?)
}

#[derive(Deserialize)]
struct Listed {
    file: String,
    name: String,
    genre: String,
    replacement: String,
    span: Span,
    function: Option<Function>,
}

#[derive(Deserialize)]
struct Span {
    start: Place,
}

#[derive(Deserialize)]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Deserialize)]
struct Function {
    return_type: String,
}

fn read(text: &str) -> Result<Vec<Mutant>, Error> {
    let listed: Vec<Listed> = serde_json::from_str(text).about("the list of cargo-mutants")?;
    let numbered = (1..).zip(listed).map(|(id, it)| Mutant {
        id,
        file: it.file,
        name: it.name,
        genre: Genre::of(&it.genre),
        replacement: it.replacement,
        place: (it.span.start.line, it.span.start.column),
        returns: it.function.map(|it| it.return_type).unwrap_or_default(),
    });
    Ok(numbered.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_numbered() {
        let text = r#"[
            {"file": "a.rs", "name": "a.rs:2:5: replace f -> u8 with 0", "genre": "FnValue", "replacement": "0",
             "diff": "", "package": "a", "span": {"start": {"line": 2, "column": 5}, "end": {"line": 2, "column": 6}},
             "function": {"function_name": "f", "return_type": "-> u8"}},
            {"file": "a.rs", "name": "a.rs:9:9: something new", "genre": "Newer", "replacement": "",
             "span": {"start": {"line": 9, "column": 9}}, "function": null}
        ]"#;
        let list = read(text).unwrap();
        let ids: Vec<_> = list.iter().map(|it| (it.id, it.genre, it.place)).collect();
        assert_eq!(ids, [(1, Genre::Body, (2, 5)), (2, Genre::Other, (9, 9))]);
        assert_eq!(list[0].returns, "-> u8");
        assert!(read("{}").is_err());
    }
}
