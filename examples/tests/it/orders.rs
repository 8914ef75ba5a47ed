use crate::store;
use crate::work::Work;

fn check_store(work: &Work) {
    let instances = store::read(&work.store());
    assert_eq!(instances.len(), work.orders());
    for (id, instance) in instances {
        let receipt = format!("\"receipts/{}.txt\"", id.trim_start_matches("order-"));
        assert_eq!(instance.output(), Some(receipt.as_str()), "{id}");
    }
}

#[test]
fn every_order_is_processed_once_and_a_second_run_changes_nothing() {
    let work = Work::new(12);
    let lines = work.run();
    let accepted = lines.iter().filter(|line| line.starts_with("accepted "));
    assert_eq!(accepted.count(), 12);
    work.check_all_done();
    check_store(&work);
    assert_eq!(work.runs().len(), 4 * 12);

    let (results, instances) = (work.results(), store::read(&work.store()));
    let lines = work.run();
    let known = lines.iter().filter(|line| line.starts_with("known "));
    assert_eq!(known.count(), 12);
    assert_eq!(work.results(), results);
    assert_eq!(store::read(&work.store()), instances);
}

#[test]
fn after_a_crash_in_the_middle_of_any_activity_the_next_run_finishes() {
    for crash_after in [1, 2, 7, 20, 45] {
        let work = Work::new(12);
        let crashed = work
            .start(&["--crash-after", &crash_after.to_string()])
            .end();
        assert_eq!(crashed.signal(), Some(6), "{crashed:?}");
        let ran_before = work.runs().len();
        assert!(ran_before >= crash_after, "{ran_before} {crash_after}");
        work.run();
        work.check_all_done();
        check_store(&work);
        // The one that crashed had not been recorded; its neighbours may not have been either.
        let ran = work.runs().len();
        assert!((4 * 12 + 1..=4 * 12 + ran_before).contains(&ran), "{ran}");
    }
}

#[test]
fn a_crash_in_every_run_delays_the_orders_and_loses_none() {
    let work = Work::new(12);
    let mut crashes = 0;
    // More crashes than the deliveries that make poison: what was out in several of them starts
    // alone, and so each run gets a little further.
    while work.start(&["--crash-after", "5"]).end().signal() == Some(6) {
        crashes += 1;
        assert!(crashes < 60, "no progress");
    }
    assert!(crashes > 10, "{crashes}");
    work.check_all_done();
    check_store(&work);
}
