use crate::process::Process;
use duroxide::testing::RecordedHistory;

#[test]
fn a_history_is_printed_as_a_replay_test_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let hello = Process::start("hello_world", folder.path(), &[]);
    assert_eq!(hello.end().well(), ["Hello, Rust!"]);
    let printed = Process::start("export_history", folder.path(), &["hello.redb", "hello-1"]);
    let text = printed.end().well().join("\n");
    let history = RecordedHistory::from_json(&text).unwrap();
    assert_eq!(history.orchestration(), Some(("hello", "1.0.0")));
    let unknown = Process::start("export_history", folder.path(), &["hello.redb", "other"]);
    let ended = unknown.end();
    assert!(!ended.status.success());
    assert!(ended.stderr.contains("there is no instance `other`"));
}
