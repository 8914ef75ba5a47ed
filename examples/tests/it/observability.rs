use std::fs;

use serde_json::Value;

use crate::process::Process;

#[test]
fn lines_are_json_and_the_table_has_what_this_process_did() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "12345").unwrap();
    let args = ["a", "missing"];
    let ended = Process::start("observability", folder.path(), &args).end();
    let logged: Vec<Value> = (ended.stderr.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let lines = ended.well();
    assert!(
        lines.contains(&"measure-0: 5 bytes".to_owned()),
        "{lines:#?}"
    );
    let failed = |line: &String| line.starts_with("measure-1: ") && line.contains("No such file");
    assert!(lines.iter().any(failed), "{lines:#?}");

    // One orchestration logged its size once, with its fields.
    let of = |target: &str| {
        let target = Value::from(target);
        let of = logged.iter().filter(move |line| line["target"] == target);
        of.map(|line| &line["fields"]).collect::<Vec<_>>()
    };
    let orchestrations = of("duroxide::orchestration");
    assert_eq!(orchestrations.len(), 1, "{logged:#?}");
    assert_eq!(orchestrations[0]["message"], "5 bytes");
    assert_eq!(orchestrations[0]["instance_id"], "measure-0");

    // The table has one row for each metric and its labels.
    let row = |start: &str| lines.iter().find(|line| line.contains(start)).cloned();
    let completions = row("orchestration_completions_total orchestration_name=measure");
    assert!(completions.is_some(), "{lines:#?}");
    assert!(
        row("provider_operation_duration_seconds").is_some(),
        "{lines:#?}"
    );
    assert!(
        row("orchestration_duration_seconds").is_some(),
        "{lines:#?}"
    );
}

#[test]
fn after_a_kill_the_next_process_ends_it_and_has_a_table_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "12345").unwrap();
    let is_ready = |line: &str| line == "measuring 1 files";
    Process::killed("observability", folder.path(), &["a"], is_ready);
    let lines = Process::start("observability", folder.path(), &["a"])
        .end()
        .well();
    assert!(
        lines.contains(&"measure-0: 5 bytes".to_owned()),
        "{lines:#?}"
    );
    let counted = |row: &str| lines.iter().any(|line| line.contains(row));
    assert!(counted("provider_operation_duration_seconds"), "{lines:#?}");
}
