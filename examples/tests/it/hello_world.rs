use duroxide::EventKind;

use crate::process::Process;
use crate::store;

#[test]
fn hello_world_says_the_same_again_and_runs_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut histories = Vec::new();
    for _ in 0..2 {
        let process = Process::start("hello_world", folder.path(), &[]);
        assert_eq!(process.end().well(), ["Hello, Rust!"]);
        let instances = store::read(&folder.path().join("hello.redb"));
        assert_eq!(instances.keys().collect::<Vec<_>>(), ["hello-1"]);
        histories.push(instances["hello-1"].history.clone());
    }
    assert_eq!(histories[0], histories[1]);
    let scheduled = |kind: &EventKind| matches!(kind, EventKind::ActivityScheduled { .. });
    let activities = histories[0].iter().filter(|event| scheduled(&event.kind));
    assert_eq!(activities.count(), 1);
}

#[test]
fn hello_world_goes_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start("hello_world", folder.path(), &[]);
    assert!(process.for_a_while(std::time::Duration::from_millis(400)));
    assert_eq!(process.kill().signal(), Some(9));
    let process = Process::start("hello_world", folder.path(), &[]);
    assert_eq!(process.end().well(), ["Hello, Rust!"]);
}
