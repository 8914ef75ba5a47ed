//! Whether a name is what a rule looks for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::patterns::{MACROS, METHODS, PATHS, TYPES};

/// How much is known about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It begins with a crate.
    Whole,
    /// It is as it was written, and nobody knows the imports.
    Written,
}

/// The rule that this function, or this associated function, breaks.
pub fn path_rule(segments: &[String], known: Known) -> Option<&'static str> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(PATHS));
    INDEX.find(segments, known)
}

/// The rule that this macro breaks.
pub fn macro_rule(segments: &[String], known: Known) -> Option<&'static str> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(MACROS));
    INDEX.find(segments, known)
}

/// The rule that a walk through a value of this type breaks.
pub fn type_rule(segments: &[String], known: Known) -> Option<&'static str> {
    static INDEX: LazyLock<Index> = LazyLock::new(|| Index::of(TYPES));
    INDEX.find(segments, known)
}

/// The rule that a method of that name breaks, whatever the receiver.
pub fn method_rule(name: &str) -> Option<&'static str> {
    let rule = METHODS.iter().find(|(_, names)| names.contains(&name));
    rule.map(|(id, _)| *id)
}

/// The patterns of a table, taken apart once: every name of every function is looked for.
struct Index {
    /// By the first name of what has to be written; in the order of the table.
    by_first: BTreeMap<&'static str, Vec<Wanted>>,
}

/// One way to write what a pattern looks for.
struct Wanted {
    names: Vec<&'static str>,
    /// Whether the pattern is written out from its crate on.
    is_whole: bool,
    id: &'static str,
}

impl Index {
    fn of(table: &[(&'static str, &[&'static str])]) -> Self {
        let mut by_first: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, patterns) in table {
            for wanted in patterns.iter().flat_map(|it| ways(it, id)) {
                let first = wanted.names.first().copied().unwrap_or_default();
                by_first.entry(key(first)).or_default().push(wanted);
            }
        }
        Self { by_first }
    }

    fn find(&self, segments: &[String], known: Known) -> Option<&'static str> {
        let candidates = self.by_first.get(key(segments.first()?))?;
        for wanted in candidates {
            if (wanted.is_whole || known == Known::Written) && fits(&wanted.names, segments) {
                return Some(wanted.id);
            }
        }
        None
    }
}

/// The names of the standard library stand for each other at the head of a path.
fn key(first: &str) -> &str {
    if is_standard(first) { "std" } else { first }
}

fn ways(pattern: &'static str, id: &'static str) -> Vec<Wanted> {
    let (before, enough) = pattern.split_once('|').unwrap_or((pattern, ""));
    let names = |part: &'static str| part.split("::").filter(|it| !it.is_empty());
    let whole: Vec<_> = names(before).chain(names(enough)).collect();
    // Without a bar only the whole path is enough.
    let shortest = if enough.is_empty() {
        0
    } else {
        names(before).count()
    };
    let ways = (0..=shortest).filter_map(|start| {
        Some(Wanted {
            names: whole.get(start..)?.to_vec(),
            is_whole: start == 0,
            id,
        })
    });
    ways.collect()
}

fn fits(wanted: &[&str], segments: &[String]) -> bool {
    let (Some((last, before)), Some(name)) = (wanted.split_last(), segments.last()) else {
        return false;
    };
    let is_open = *last == "*";
    let has_length = if is_open {
        segments.len() >= wanted.len()
    } else {
        segments.len() == wanted.len()
    };
    // Most differ in their last names.
    let has_name = has_length
        && if is_open || *last == "?" {
            // Types and constants do nothing by themselves.
            name.starts_with(|it: char| it.is_lowercase())
        } else {
            last.strip_suffix('*')
                .map_or(*last == name, |start| name.starts_with(start))
        };
    has_name
        && before
            .iter()
            .zip(segments)
            .enumerate()
            .all(|(index, (wanted, name))| {
                wanted == name || (index == 0 && is_standard(wanted) && is_standard(name))
            })
}

fn is_standard(name: &str) -> bool {
    ["std", "core", "alloc"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::rule;

    fn segments(path: &str) -> Vec<String> {
        path.split("::").map(str::to_owned).collect()
    }

    #[track_caller]
    fn check(path: &str, known: Known, expected: Option<&str>) {
        assert_eq!(path_rule(&segments(path), known), expected, "{path}");
    }

    #[test]
    fn every_pattern_belongs_to_a_rule() {
        for (id, patterns) in PATHS.iter().chain(MACROS).chain(METHODS).chain(TYPES) {
            assert!(rule(id).is_some(), "{id}");
            assert!(patterns.iter().all(|it| !it.contains(' ')));
        }
    }

    #[test]
    fn every_pattern_begins_with_a_name() {
        for (id, patterns) in PATHS.iter().chain(MACROS).chain(TYPES) {
            for wanted in patterns.iter().flat_map(|it| ways(it, id)) {
                let first = wanted.names.first();
                assert!(first.is_some_and(|it| !it.is_empty() && !it.contains(['*', '?'])));
            }
        }
    }

    #[test]
    fn what_is_written_is_enough_from_the_bar_on() {
        for path in [
            "SystemTime::now",
            "time::SystemTime::now",
            "std::time::SystemTime::now",
            "Instant::now",
            "Utc::now",
            "OffsetDateTime::now_utc",
        ] {
            check(path, Known::Written, Some("DX0101"));
        }
        check("env::var", Known::Written, Some("DX0110"));
        check("core::mem::transmute", Known::Written, Some("DX0117"));
        check("fastrand::u8", Known::Written, Some("DX0102"));
        check("reqwest::blocking::get", Known::Written, Some("DX0112"));
        check("mpsc::channel", Known::Written, Some("DX0114"));
    }

    #[test]
    fn look_alikes_are_left_alone() {
        for path in [
            "now",
            "myapp::SystemTime::now",
            "SystemTime::UNIX_EPOCH",
            "myapp::env::var",
            "env::consts::OS",
            "StdRng::seed_from_u64",
            "reqwest::Url::parse",
            "Uuid::new_v5",
            "Mutex::new",
            "tokio::time::Duration::from_secs",
            "fastrand::Rng::with_seed",
        ] {
            check(path, Known::Written, None);
        }
    }

    #[test]
    fn a_resolved_path_has_to_fit_as_a_whole() {
        check("std::time::Instant::now", Known::Whole, Some("DX0101"));
        check("core::time::Instant::now", Known::Whole, Some("DX0101"));
        check("fake_time::Instant::now", Known::Whole, None);
        check("Instant::now", Known::Whole, None);
    }

    #[test]
    fn macros_need_their_crate_where_ours_bear_the_name() {
        let rule = |path: &str| macro_rule(&segments(path), Known::Written);
        assert_eq!(rule("tokio::select"), Some("DX0109"));
        assert_eq!(rule("select"), None);
        assert_eq!(rule("println"), Some("DX0201"));
        assert_eq!(rule("info"), None);
        assert_eq!(rule("tracing::info"), Some("DX0201"));
        assert_eq!(method_rule("par_iter"), Some("DX0108"));
        assert_eq!(method_rule("iter"), None);
    }
}
