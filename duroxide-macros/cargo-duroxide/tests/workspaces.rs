//! The checker on workspaces that are written for it.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_duroxide::{Checked, Format, Options, Report, check};
use duroxide_lint::rules::Level;
use serde_json::Value;
use tempfile::TempDir;

/// A workspace of these files.
fn workspace(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn options(folder: &TempDir) -> Options {
    Options {
        against: None,
        manifest_path: Some(folder.path().join("Cargo.toml")),
        asks_clippy: false,
    }
}

/// What is found, each as `file:line ID`.
fn found(folder: &TempDir) -> Vec<String> {
    let Checked { root, reports, .. } = check(&options(folder)).unwrap();
    reports.iter().map(|it| shown(&root, it)).collect()
}

fn shown(root: &Path, report: &Report) -> String {
    let file = report.file.strip_prefix(root).unwrap().display();
    format!("{file}:{} {}", report.line, report.id)
}

const ROOT: (&str, &str) = (
    "Cargo.toml",
    "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"helpers\"]\n",
);
const APP: (&str, &str) = (
    "app/Cargo.toml",
    "[package]\nname = \"app\"\nedition = \"2024\"\n[dependencies]\nhelpers = { path = \"../helpers\" }\n",
);
const HELPERS: (&str, &str) = (
    "helpers/Cargo.toml",
    "[package]\nname = \"helpers\"\nedition = \"2024\"\n",
);
const NOTHING: (&str, &str) = ("helpers/src/lib.rs", "");

#[test]
fn chains_lead_through_files_and_crates() {
    let folder = workspace(&[
        ROOT,
        APP,
        HELPERS,
        (
            "app/src/lib.rs",
            "mod pricing;\n\
             #[orchestration]\n\
             async fn price(ctx: &OrchestrationContext) -> Result<u64, String> {\n\
                 let own = pricing::rate();\n\
                 let theirs = helpers::stamps::stamp();\n\
                 Ok(own + theirs)\n\
             }\n",
        ),
        (
            "app/src/pricing.rs",
            "pub fn rate() -> u64 {\n    std::process::id().into()\n}\n",
        ),
        (
            "helpers/src/lib.rs",
            "pub mod stamps;\nuse std::time::SystemTime as Clock;\npub(crate) fn now() { Clock::now(); }\n",
        ),
        (
            "helpers/src/stamps.rs",
            "pub fn stamp() -> u64 {\n    crate::now();\n    1\n}\n",
        ),
    ]);
    let Checked { root, reports, .. } = check(&options(&folder)).unwrap();
    let places: Vec<_> = reports.iter().map(|it| shown(&root, it)).collect();
    assert_eq!(
        places,
        ["app/src/lib.rs:4 DX0401", "app/src/lib.rs:5 DX0401"]
    );
    assert_eq!(reports[0].level, Level::Error);
    // What lies in another crate is not this one's to repair.
    assert_eq!(reports[1].level, Level::Warning);
    let way: Vec<_> = reports[1]
        .way
        .iter()
        .map(|hop| {
            (
                hop.file.strip_prefix(&root).unwrap().to_str().unwrap(),
                hop.line,
            )
        })
        .collect();
    assert_eq!(
        way,
        [("helpers/src/stamps.rs", 2), ("helpers/src/lib.rs", 3)]
    );
    assert!(
        reports[1].message.contains("DX0101"),
        "{}",
        reports[1].message
    );
}

#[test]
fn closures_of_the_dynamic_layer_are_looked_at() {
    let folder = workspace(&[
        ROOT,
        APP,
        HELPERS,
        NOTHING,
        (
            "app/src/main.rs",
            "use std::collections::HashMap;\n\
             fn main() {\n\
                 builder.register(\"a\", |ctx: OrchestrationContext, input: String| async move {\n\
                     let now = std::time::Instant::now();\n\
                     let map: HashMap<String, u64> = HashMap::new();\n\
                     for (key, _) in &map {\n\
                         ctx.schedule_activity(\"b\", key).await?;\n\
                     }\n\
                     Ok(format!(\"{now:?}\"))\n\
                 });\n\
                 builder.register(\"c\", |ctx: ActivityContext, input: String| async move {\n\
                     std::fs::read(input)\n\
                 });\n\
             }\n",
        ),
    ]);
    assert_eq!(
        found(&folder),
        ["app/src/main.rs:4 DX0101", "app/src/main.rs:6 DX0105"]
    );
}

#[test]
fn methods_are_followed_and_allowances_hold() {
    let folder = workspace(&[
        ROOT,
        APP,
        HELPERS,
        NOTHING,
        (
            "app/src/lib.rs",
            "struct Prices;\n\
             impl Prices {\n\
                 #[deterministic(allow(DX0110, reason = \"all alike\"))]\n\
                 async fn all(&self, ctx: &OrchestrationContext) -> u64 { self.one() }\n\
                 #[deterministic]\n\
                 async fn some(&self, ctx: &OrchestrationContext) -> u64 { self.one() }\n\
                 #[deterministic]\n\
                 #[allow(unused)]\n\
                 async fn none(&self, ctx: &OrchestrationContext) -> u64 {\n\
                     #[duroxide::allow(DX0101, reason = \"stale\")]\n\
                     let two = 2;\n\
                     two\n\
                 }\n\
                 fn one(&self) -> u64 { std::env::args().count() as u64 }\n\
             }\n",
        ),
    ]);
    assert_eq!(
        found(&folder),
        ["app/src/lib.rs:6 DX0401", "app/src/lib.rs:10 DX0007"]
    );
}

#[test]
fn findings_are_written_for_machines() {
    let folder = workspace(&[
        ROOT,
        APP,
        HELPERS,
        NOTHING,
        (
            "app/src/lib.rs",
            "#[orchestration]\nasync fn f(ctx: &OrchestrationContext) -> Result<(), String> {\n    \
             std::thread::sleep(ctx.pause());\n    Ok(())\n}\n",
        ),
    ]);
    let checked = check(&options(&folder)).unwrap();
    assert!(!checked.is_fine());
    let text = checked.text(Format::Json);
    let message: Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(message["reason"], "compiler-message");
    assert_eq!(message["message"]["code"]["code"], "DX0104");
    let span = &message["message"]["spans"][0];
    assert_eq!(span["file_name"], "app/src/lib.rs");
    assert_eq!(
        (span["line_start"].as_u64(), span["column_start"].as_u64()),
        (Some(3), Some(5))
    );
    assert_eq!(span["column_end"].as_u64(), Some(23));

    let text = checked.text(Format::Sarif);
    let sarif: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        (result["ruleId"].as_str(), result["level"].as_str()),
        (Some("DX0104"), Some("error"))
    );
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"].as_u64(), Some(3));

    let text = checked.text(Format::Text);
    assert!(text.contains("--> app/src/lib.rs:3:5"), "{text}");
    assert!(text.ends_with("1 errors, 0 warnings\n"), "{text}");
}

#[test]
fn two_functions_of_one_name_and_version_are_found() {
    let twice = "#[orchestration(name = \"pay\")]\nasync fn a(ctx: &OrchestrationContext) {}\n\
                 #[orchestration(name = \"pay\")]\nasync fn b(ctx: &OrchestrationContext) {}\n\
                 #[orchestration(name = \"pay\", version = \"2.0.0\")]\nasync fn c(ctx: &OrchestrationContext) {}\n";
    let folder = workspace(&[ROOT, APP, HELPERS, NOTHING, ("app/src/lib.rs", twice)]);
    assert_eq!(found(&folder), ["app/src/lib.rs:4 DX0006"]);
}

#[test]
fn futures_that_are_taken_as_durable_are_listed() {
    let folder = workspace(&[
        ROOT,
        APP,
        HELPERS,
        NOTHING,
        (
            "app/src/lib.rs",
            "#[orchestration]\nasync fn f(ctx: &OrchestrationContext) -> Result<(), String> {\n    \
             ctx.assume_durable(lazy(|_| 1), \"completes at once\").await;\n    \
             join!(a, ctx.assume_durable(b, REASON));\n    \
             race! { a => ctx.assume_durable(c, \"hidden\") }\n    Ok(())\n}\n\
             #[activity]\nasync fn g(ctx: &ActivityContext) { ctx.assume_durable(d, \"no orchestration\"); }\n",
        ),
    ]);
    let checked = check(&options(&folder)).unwrap();
    assert!(checked.is_fine() && checked.reports.is_empty());
    let listed: Vec<_> = checked
        .vouched
        .iter()
        .map(|it| (it.line, it.column, it.reason.as_deref()))
        .collect();
    assert_eq!(
        listed,
        [
            (3, 9, Some("completes at once")),
            (4, 18, None),
            (5, 22, None)
        ]
    );
    let text = checked.text(Format::Text);
    assert!(
        text.contains("  --> app/src/lib.rs:3:9: completes at once\n"),
        "{text}"
    );
    assert!(text.ends_with("nothing found\n"), "{text}");
    let first = checked.text(Format::Json);
    let message: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!(message["message"]["level"], "note");
    assert_eq!(
        message["message"]["message"],
        "taken as durable: completes at once"
    );
    let sarif: Value = serde_json::from_str(&checked.text(Format::Sarif)).unwrap();
    assert_eq!(sarif["runs"][0]["results"][2]["kind"], "review");
}

fn git(folder: &TempDir, arguments: &[&str]) {
    let output = Command::new("git")
        .current_dir(folder.path())
        .args(["-c", "user.name=test", "-c", "user.email=test@localhost"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// An orchestration that asks for `calls` in that version.
fn orchestration(version: &str, calls: &str) -> String {
    format!(
        "#[activity]\nasync fn charge(ctx: &ActivityContext) {{}}\n\
         #[deterministic]\nasync fn later(ctx: &OrchestrationContext) {{ ctx.schedule_timer(DAY).await; }}\n\
         #[orchestration(version = \"{version}\")]\n\
         async fn pay(ctx: &OrchestrationContext) -> Result<(), String> {{\n    {calls}\n    Ok(())\n}}\n"
    )
}

#[test]
fn changed_calls_need_a_new_version() {
    let before = orchestration("1.0.0", "charge(ctx).await?;");
    let folder = workspace(&[ROOT, APP, HELPERS, NOTHING, ("app/src/lib.rs", &before)]);
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "-m", "before"]);
    let mut options = options(&folder);
    options.against = Some("HEAD".to_owned());
    let found_now = |version: &str, calls: &str| {
        let text = orchestration(version, calls);
        fs::write(folder.path().join("app/src/lib.rs"), text).unwrap();
        check(&options).unwrap().reports
    };
    // Other code, the same calls.
    assert_eq!(
        found_now("1.0.0", "let it = charge(ctx);\n    it.await?;"),
        []
    );
    // A helper's calls count.
    let changed = found_now("1.0.0", "charge(ctx).await?;\n    later(ctx).await;");
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].id, changed[0].line), ("DX0501", 6));
    assert_eq!(
        changed[0].notes[..2],
        [
            "note: at HEAD: activity `charge`",
            "note: now: activity `charge`, schedule_timer(..)"
        ]
    );
    assert_eq!(found_now("1.1.0", "later(ctx).await;"), []);
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = check(&options(&folder)).unwrap_err();
    assert!(error.to_string().contains("cargo metadata"), "{error}");
}

/// The orchestrations here are many, and all of them are as they should be; but for one file, which marks
/// where its project wants to be warned.
#[test]
fn nothing_but_what_is_marked_is_found_in_this_workspace() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let Checked { root, reports, .. } = check(&Options {
        against: None,
        manifest_path: Some(manifest),
        asks_clippy: false,
    })
    .unwrap();
    let found: Vec<_> = reports.iter().map(|it| shown(&root, it)).collect();
    let file = "ui-tests/manifest/tests/pedantic.rs";
    let text = fs::read_to_string(root.join(file)).unwrap();
    let lines = text.lines().zip(1..);
    let marked = lines.filter(|(line, _)| line.contains("//~ DX0204"));
    let marked: Vec<_> = marked
        .map(|(_, number)| format!("{file}:{number} DX0204"))
        .collect();
    assert_eq!(found, marked);
}
