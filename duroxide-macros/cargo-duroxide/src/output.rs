//! Findings for people, for editors, and for those who collect them.

use std::fmt::Write;
use std::path::Path;

use duroxide_lint::rules::Level;
use duroxide_lint::table::RULES;
use serde_json::{Value, json};

use crate::Checked;
use crate::report::Report;
use crate::vouched::Vouched;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As the compiler shows them.
    Text,
    /// As cargo writes messages of the compiler: an object in each line.
    Json,
    /// Static Analysis Results Interchange Format, version 2.1.0.
    Sarif,
}

/// All that was found, with files as seen from the root.
pub(crate) fn write(format: Format, checked: &Checked) -> String {
    let Checked {
        root,
        reports,
        vouched,
        ..
    } = checked;
    match format {
        Format::Text => text(root, reports) + &vouched_text(root, vouched) + &sum(reports),
        Format::Json => {
            let found = reports.iter().map(|it| message(root, it));
            let vouched = vouched.iter().map(|it| vouched_message(root, it));
            found.chain(vouched).fold(String::new(), |mut out, it| {
                let _ = writeln!(out, "{it}");
                out
            })
        }
        Format::Sarif => format!("{:#}\n", sarif(root, reports, vouched)),
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning | Level::Pedantic | Level::Reserved => "warning",
    }
}

fn file(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.display().to_string().replace('\\', "/")
}

fn text(root: &Path, reports: &[Report]) -> String {
    let mut out = String::new();
    for it in reports {
        let place = format!("{}:{}:{}", file(root, &it.file), it.line, it.column);
        let _ = writeln!(out, "{}: {}\n  --> {place}", word(it.level), it.message);
        for note in &it.notes {
            let _ = writeln!(out, "   = {note}");
        }
        out.push('\n');
    }
    out
}

fn sum(reports: &[Report]) -> String {
    let errors = reports.iter().filter(|it| it.level == Level::Error).count();
    match (errors, reports.len()) {
        (_, 0) => "nothing found\n".to_owned(),
        (errors, all) => format!("{errors} errors, {} warnings\n", all - errors),
    }
}

/// For people: nothing checks these.
fn vouched_text(root: &Path, vouched: &[Vouched]) -> String {
    if vouched.is_empty() {
        return String::new();
    }
    let mut out = "taken as durable by `ctx.assume_durable` (DX0001):\n".to_owned();
    for it in vouched {
        let place = format!("{}:{}:{}", file(root, &it.file), it.line, it.column);
        let _ = writeln!(out, "  --> {place}: {}", reason(it));
    }
    out.push('\n');
    out
}

fn reason(vouched: &Vouched) -> &str {
    vouched
        .reason
        .as_deref()
        .unwrap_or("its reason is not written there")
}

/// The same as a note of the compiler.
fn vouched_message(root: &Path, it: &Vouched) -> Value {
    let text = format!("taken as durable: {}", reason(it));
    let mut note = Report::new("DX0001", Level::Warning, &text, it.file.clone());
    (note.line, note.column, note.length) = (it.line, it.column, "assume_durable".len());
    let mut message = message(root, &note);
    if let Some(fields) = message.get_mut("message") {
        *fields = with(fields.take(), "level", "note".into());
        let place = format!("{}:{}:{}", file(root, &it.file), it.line, it.column);
        *fields = with(
            fields.take(),
            "rendered",
            format!("note: {text}\n  --> {place}").into(),
        );
    }
    message
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
    object
}

fn message(root: &Path, it: &Report) -> Value {
    let child = |note: &String| {
        let (level, text) = note.split_once(": ").unwrap_or(("note", note));
        json!({ "level": level, "message": text, "spans": [], "children": [], "code": null, "rendered": null })
    };
    let span =
        |path: &Path, line: usize, column: usize, length: usize, is_primary: bool, label: Value| {
            json!({
                "file_name": file(root, path),
                "byte_start": 0, "byte_end": 0,
                "line_start": line, "line_end": line,
                "column_start": column, "column_end": column + length,
                "is_primary": is_primary, "label": label, "text": [],
                "suggested_replacement": null, "suggestion_applicability": null, "expansion": null,
            })
        };
    let first = span(&it.file, it.line, it.column, it.length, true, Value::Null);
    let way = it.way.iter().map(|hop| {
        let label = format!("{} is called here", hop.what);
        span(&hop.file, hop.line, 1, 1, false, label.into())
    });
    let spans: Vec<_> = std::iter::once(first).chain(way).collect();
    json!({
        "reason": "compiler-message",
        "message": {
            "$message_type": "diagnostic",
            "level": word(it.level),
            "message": it.message,
            "code": { "code": it.id, "explanation": null },
            "spans": spans,
            "children": it.notes.iter().map(child).collect::<Vec<_>>(),
            "rendered": text(root, std::slice::from_ref(it)).trim_end(),
        },
    })
}

fn sarif(root: &Path, reports: &[Report], vouched: &[Vouched]) -> Value {
    let rules = RULES.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": { "text": rule.title },
            "help": { "text": rule.help_with("ctx") },
        })
    });
    let place = |path: &Path, line: usize, column: usize| {
        json!({
            "physicalLocation": {
                "artifactLocation": { "uri": file(root, path) },
                "region": { "startLine": line, "startColumn": column },
            },
        })
    };
    let result = |it: &Report| {
        let way = it.way.iter().map(|hop| {
            let text = format!("{} is called here", hop.what);
            with(
                place(&hop.file, hop.line, 1),
                "message",
                json!({ "text": text }),
            )
        });
        let text = std::iter::once(&it.message)
            .chain(&it.notes)
            .cloned()
            .collect::<Vec<_>>();
        json!({
            "ruleId": it.id,
            "level": word(it.level),
            "message": { "text": text.join("\n") },
            "locations": [place(&it.file, it.line, it.column)],
            "relatedLocations": way.collect::<Vec<_>>(),
        })
    };
    let note = |it: &Vouched| {
        json!({
            "ruleId": "DX0001",
            "kind": "review",
            "level": "none",
            "message": { "text": format!("taken as durable: {}", reason(it)) },
            "locations": [place(&it.file, it.line, it.column)],
        })
    };
    let results = reports.iter().map(result).chain(vouched.iter().map(note));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-duroxide",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "results": results.collect::<Vec<_>>(),
        }],
    })
}
