use std::fs;

use crate::process::Process;

const RECIPE: &str = "read text\nwords\nsort\nunique\nwait 2\nnumber\nwrite out\n";

#[test]
fn a_recipe_goes_on_with_its_step_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("dynamic.work");
    fs::create_dir(&work).unwrap();
    fs::write(work.join("recipe.txt"), RECIPE).unwrap();
    fs::write(work.join("text"), "the cat\nthe dog a cat").unwrap();
    Process::killed("dynamic", folder.path(), &[], |line| line == "wait 2");
    // What was read is in the history.
    fs::write(work.join("text"), "something else").unwrap();
    let lines = Process::start("dynamic", folder.path(), &[]).end().well();
    assert!(!lines.contains(&"sort".to_owned()), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "done: 4 lines");
    let out = fs::read_to_string(work.join("out")).unwrap();
    assert_eq!(out, "1. a\n2. cat\n3. dog\n4. the\n");
}

#[test]
fn without_a_recipe_one_is_written_and_an_unknown_step_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lines = Process::start("dynamic", folder.path(), &[]).end().well();
    assert!(lines.last().unwrap().starts_with("done: "), "{lines:?}");
    fs::write(folder.path().join("dynamic.work/recipe.txt"), "fry 3").unwrap();
    let ended = Process::start("dynamic", folder.path(), &[]).end();
    assert!(!ended.status.success());
    assert!(
        ended.stderr.contains("there is no step `fry`"),
        "{}",
        ended.stderr
    );
}
