//! What the example says about a store that it cannot use, and that it leaves it alone.

use std::fs;

use duroxide::storage::redb::{OpenError, RedbProvider};
use redb::{Database, TableDefinition};

use crate::work::Work;

/// Runs the example over these bytes, and gives what it complains about.
fn complaint(work: &Work, store: &[u8]) -> String {
    fs::write(work.store(), store).unwrap();
    let ended = work.start(&[]).end();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(ended.lines, Vec::<String>::new());
    assert!(fs::read(work.store()).unwrap() == store, "bytes changed");
    assert!(ended.stderr.contains("orders.redb"), "{}", ended.stderr);
    ended.stderr
}

#[test]
fn a_store_cut_short_is_called_damaged_and_not_touched() {
    let work = Work::new(12);
    work.run();
    let whole = fs::read(work.store()).unwrap();
    for length in [100, 5_000, whole.len() / 2, whole.len() - 1] {
        let said = complaint(&work, &whole[..length]);
        assert!(said.contains("the store is damaged"), "{length}: {said}");
    }
    fs::write(work.store(), whole).unwrap();
    work.run();
}

#[test]
fn a_file_that_is_no_store_is_called_so_and_not_touched() {
    let work = Work::new(1);
    for other in [b"Dear diary".to_vec(), vec![7; 100_000], vec![7; 3]] {
        let said = complaint(&work, &other);
        assert!(said.contains("not a store of duroxide"), "{said}");
    }
}

#[test]
fn a_store_of_a_newer_format_is_called_so_and_not_touched() {
    let work = Work::new(3);
    work.run();
    let database = Database::open(work.store()).unwrap();
    let transaction = database.begin_write().unwrap();
    let meta: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
    transaction
        .open_table(meta)
        .unwrap()
        .insert("duroxide_schema_version", [9, 0, 0, 0].as_slice())
        .unwrap();
    transaction.commit().unwrap();
    drop(database);
    let said = complaint(&work, &fs::read(work.store()).unwrap());
    assert!(
        said.contains("format 9; this version reads up to 2"),
        "{said}"
    );
}

#[test]
fn a_second_process_on_the_same_store_is_refused_and_the_first_not_disturbed() {
    // Enough for a second or two.
    let work = Work::new(300);
    let mut first = work.start(&[]);
    assert!(first.until_line(1));
    let refused = RedbProvider::open(work.store()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse), "{refused:?}");
    let lines = first.end().well();
    // It was in the middle of its work.
    assert_eq!(lines.len(), 300 + 300 + 1);
    work.check_all_done();

    let _held = RedbProvider::open(work.store()).unwrap();
    let second = work.start(&[]).end();
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    assert!(second.stderr.contains("in use"), "{}", second.stderr);
}
