//! Which tests are tried first: those that are near to a mutant, and quick.

use crate::compiler::Kind;
use crate::cover::Covered;

/// A test that takes longer is tried behind all quick ones.
const QUICK: f64 = 1.5;

/// So long a batch of slower tests takes, or its one test.
const BATCH: f64 = 8.0;

/// The tests that reach a mutant of this file, in batches: most mutants are found by the first one. Once
/// the quick tests have been tried, so many seconds of tests are the limit for all.
pub(crate) fn batches<'a>(
    file: &str,
    mut tests: Vec<&'a Covered>,
    budget: f64,
) -> Vec<Vec<&'a Covered>> {
    tests.sort_by(|one, other| {
        let near = nearness(file, other).cmp(&nearness(file, one));
        near.then(one.seconds.total_cmp(&other.seconds))
    });
    let (mut quick, slow): (Vec<_>, Vec<_>) = tests.into_iter().partition(|it| it.seconds < QUICK);
    let mut second = quick.split_off(quick.len().min(6));
    let mut rest = second.split_off(second.len().min(30));
    rest.extend(slow);
    rest.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let mut batches = vec![quick, second];
    let mut spent: f64 = batches.iter().flatten().map(|it| it.seconds).sum();
    let mut batch = Vec::new();
    let mut takes = 0.0;
    for test in rest {
        spent += test.seconds;
        if spent > budget {
            break;
        }
        takes += test.seconds;
        batch.push(test);
        if takes >= BATCH {
            batches.push(std::mem::take(&mut batch));
            takes = 0.0;
        }
    }
    batches.push(batch);
    batches.retain(|batch| !batch.is_empty());
    batches
}

/// How much the name of a test has to do with a file.
fn nearness(file: &str, test: &Covered) -> u8 {
    let path = file.trim_start_matches("duroxide/src/");
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let module = path.replace('/', "::");
    let name = module.rsplit("::").next().unwrap_or_default();
    let same_module = test.kind == Kind::Unit && test.test.starts_with(&format!("{module}::"));
    let areas = [
        ("engine/", "engine"),
        ("redb/", "redb"),
        ("redb/", "disk"),
        ("model/", "model"),
    ];
    let same_area =
        (areas.iter()).any(|(folder, area)| path.contains(folder) && test.test.contains(area));
    u8::from(same_module) * 2 + u8::from(test.test.contains(name)) + u8::from(same_area)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(kind: Kind, name: &str, seconds: f64) -> Covered {
        Covered {
            kind,
            test: name.to_owned(),
            seconds,
            reached: Vec::new(),
        }
    }

    #[test]
    fn near_tests_come_first_and_quick_ones_before_slow_ones() {
        let near = test(Kind::Unit, "storage::redb::queue::tests::a", 1.0);
        let area = test(Kind::Outside, "disk::a", 0.2);
        let far = test(Kind::Outside, "runtime::a", 0.1);
        let slow = test(Kind::Unit, "storage::redb::queue::tests::b", 9.0);
        let tests = vec![&slow, &far, &area, &near];
        let batches = batches("duroxide/src/storage/redb/queue.rs", tests, 60.0);
        let names: Vec<Vec<_>> = (batches.iter())
            .map(|batch| batch.iter().map(|it| it.test.as_str()).collect())
            .collect();
        let quick = vec![near.test.as_str(), "disk::a", "runtime::a"];
        assert_eq!(names, [quick, vec![slow.test.as_str()]]);
    }

    #[test]
    fn the_budget_ends_what_is_slow_and_a_batch_is_not_long() {
        let quick = test(Kind::Unit, "a", 1.0);
        let slow = test(Kind::Unit, "b", 5.0);
        let mut tests = vec![&quick; 40];
        tests.extend([&slow; 6]);
        let sizes = |budget| {
            let batches = batches("duroxide/src/engine/mod.rs", tests.clone(), budget);
            batches.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(1000.0), [6, 30, 5, 2, 2, 1]);
        assert_eq!(sizes(0.0), [6, 30]);
    }
}
