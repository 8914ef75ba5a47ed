//! The benchmark's workloads with tiny sizes: what they count, never how fast they are.

use std::path::Path;

use serde_json::Value;

use crate::process::Process;

fn measure(folder: &Path, args: &[&str]) -> Vec<Value> {
    let mut all = args.to_vec();
    all.extend(["--folder", ".", "--seconds", "1"]);
    let lines = Process::start("bench", folder, &all).end().well();
    let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

/// One workload without what it is compared with. No file is left behind.
fn one(workload: &str, size: u64, more: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let size_text = size.to_string();
    let mut args = vec![workload, "--size", &size_text, "--limits", "off"];
    args.extend(more);
    let [line] = measure(folder.path(), &args).try_into().unwrap();
    assert_eq!(line["workload"], workload);
    assert_eq!(line["size"], size);
    let left = std::fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["stderr.txt"]);
    line
}

fn number(line: &Value, figure: &str) -> f64 {
    let value = line[figure].as_f64();
    value.unwrap_or_else(|| panic!("no `{figure}` in {line}"))
}

/// So many steps, at least so many operations of the store, and something reached the disk.
fn check_counts(line: &Value, steps: u64, operations: f64) {
    assert_eq!(line["steps"], steps, "{line}");
    let seconds = number(line, "steps") / number(line, "steps_per_second");
    let done = number(line, "store_operations_per_second") * seconds;
    assert!(done > operations - 0.5, "{done} operations: {line}");
    assert!(number(line, "fsyncs") >= 1.0, "{line}");
    assert!(number(line, "bytes_written_per_step") >= 1.0, "{line}");
    assert!(number(line, "file_mib") > 0.0, "{line}");
}

#[test]
fn instances_of_one_step_are_counted() {
    for workload in ["hello", "many"] {
        let line = one(workload, 4, &[]);
        check_counts(&line, 4, 4.0 * 3.0);
    }
}

#[test]
fn a_chain_reports_single_steps() {
    let line = one("chain", 12, &[]);
    check_counts(&line, 12, 24.0);
    assert!(number(&line, "late_over_early") > 0.0);
    assert!(number(&line, "p50_ms") <= number(&line, "max_ms"));
}

#[test]
fn fanout_counts_five_steps_for_each_orchestration() {
    let line = one("fanout", 3, &[]);
    let steps = line["steps"].as_u64().unwrap();
    assert!(steps >= 15 && steps.is_multiple_of(5), "{line}");
    check_counts(&line, steps, 5.0);
}

#[test]
fn a_join_is_compared_with_one_of_a_tenth() {
    let line = one("join", 20, &[]);
    check_counts(&line, 20, 21.0);
    assert!(number(&line, "times_a_tenth") > 0.0);
}

#[test]
fn each_event_has_its_answer() {
    check_counts(&one("signal", 5, &[]), 5, 15.0);
}

#[test]
fn each_timer_is_counted() {
    for workload in ["timers", "timers-burst"] {
        let line = one(workload, 6, &[]);
        check_counts(&line, 6, 6.0);
        assert!(number(&line, "p50_ms") >= 0.0);
    }
}

#[test]
fn what_hung_before_the_kill_is_done_after_it() {
    // Of each instance the first activity was done, two are left.
    let line = one("recovery", 20, &[]);
    check_counts(&line, 40, 80.0);
    assert!(number(&line, "open_ms") > 0.0);
    assert!(number(&line, "first_progress_ms") > 0.0);
}

#[test]
fn a_store_is_opened_after_a_kill() {
    let line = one("reopen", 1, &[]);
    assert!(number(&line, "file_mib") >= 1.0, "{line}");
    assert!(number(&line, "open_ms") < number(&line, "first_result_ms"));
    let line = one("reopen-waiting", 30, &[]);
    assert!(number(&line, "open_ms") < number(&line, "first_result_ms"));
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let line = one("idle", 40, &[]);
    assert_eq!(line["fsyncs"], 0, "{line}");
    assert!(line["rss_mib"].is_f64() && line["cpu_percent"].is_f64());
}

#[test]
fn generations_are_counted() {
    let line = one("eternal", 20, &[]);
    check_counts(&line, 20, 40.0);
    assert!(number(&line, "file_growth") >= 1.0);
    assert!(line["rss_growth_mib"].is_f64());
}

#[test]
fn large_payloads_go_there_and_back() {
    let line = one("large", 2, &[]);
    check_counts(&line, 8, 24.0);
    let written = number(&line, "bytes_written_per_step");
    assert!(written >= f64::from(2 << 20), "{line}");
}

#[test]
fn the_limits_are_measured() {
    let line = one("raw", 2, &[]);
    let operations = line["steps"].as_u64().unwrap();
    check_counts(&line, operations, 6.0);
    assert_eq!(one("fdatasync", 3, &[])["steps"], 3);
    assert!(number(&one("sequential", 1, &[]), "mib_per_second") > 0.0);
}

#[test]
fn other_stores_and_no_memory_of_instances_give_the_same_counts() {
    let line = one("chain", 6, &["--live", "off"]);
    check_counts(&line, 6, 12.0);
    let line = one("chain", 6, &["--store", "redb-memory"]);
    assert_eq!(line["steps"], 6);
    assert_eq!(line["file_mib"], 0.0);
    let line = one("chain", 6, &["--durability", "loses-last-seconds"]);
    assert_eq!(line["steps"], 6);
}

#[test]
fn a_workload_is_compared_with_its_limit_of_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let lines = measure(folder.path(), &["hello", "hello", "--size", "3"]);
    let names: Vec<_> = lines.iter().map(|line| &line["workload"]).collect();
    assert_eq!(names, ["raw", "hello", "hello"]);
    let limit = number(&lines[0], "store_operations_per_second");
    for line in &lines[1..] {
        let part = number(line, "store_operations_per_second") / limit;
        assert!((number(line, "of_limit") - part).abs() < 0.001, "{line}");
    }
}

#[test]
fn lines_become_tables_with_medians_and_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let line = |p50: f64| format!(r#"{{"workload":"hello","size":1000,"p50_ms":{p50}}}"#);
    let lines = [line(9.0), line(0.5), line(0.7)].join("\n");
    std::fs::write(folder.path().join("lines"), lines).unwrap();
    let table = Process::start("bench", folder.path(), &["--table", "lines"]);
    let table = table.end().well();
    let has = |start: &str| table.iter().any(|line| line.starts_with(start));
    assert!(has("| `hello` | 1000 | 3 |"), "{table:#?}");
    assert!(
        has("| `hello` | 1000 | p50_ms | ≤ 1.2 | 0.700 | reached |"),
        "{table:#?}"
    );
    assert!(
        has("| `many` | 20000 | seconds | ≤ 6 |  | not measured |"),
        "{table:#?}"
    );
}
