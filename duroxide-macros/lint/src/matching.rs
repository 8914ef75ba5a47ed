//! Whether a name is what a rule looks for.

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
    find(PATHS, segments, known)
}

/// The rule that this macro breaks.
pub fn macro_rule(segments: &[String], known: Known) -> Option<&'static str> {
    find(MACROS, segments, known)
}

/// The rule that a walk through a value of this type breaks.
pub fn type_rule(segments: &[String], known: Known) -> Option<&'static str> {
    find(TYPES, segments, known)
}

/// The rule that a method of that name breaks, whatever the receiver.
pub fn method_rule(name: &str) -> Option<&'static str> {
    let rule = METHODS.iter().find(|(_, names)| names.contains(&name));
    rule.map(|(id, _)| *id)
}

fn find(
    table: &[(&'static str, &[&str])],
    segments: &[String],
    known: Known,
) -> Option<&'static str> {
    let breaks = |pattern: &&str| matches(pattern, segments, known);
    let rule = table
        .iter()
        .find(|(_, patterns)| patterns.iter().any(breaks));
    rule.map(|(id, _)| *id)
}

fn matches(pattern: &str, segments: &[String], known: Known) -> bool {
    // Most patterns end otherwise: this is asked for each name of each function.
    let last = pattern.rsplit([':', '|']).next().unwrap_or_default();
    let is_open = last.ends_with(['*', '?']);
    if !is_open && segments.last().is_none_or(|name| name != last) {
        return false;
    }
    let (before, enough) = pattern.split_once('|').unwrap_or((pattern, ""));
    let prefix: Vec<_> = before.split("::").filter(|it| !it.is_empty()).collect();
    let suffix: Vec<_> = enough.split("::").filter(|it| !it.is_empty()).collect();
    let whole: Vec<_> = prefix.iter().chain(&suffix).copied().collect();
    // Without a bar only the whole path is enough.
    let shortest = if suffix.is_empty() { 0 } else { prefix.len() };
    let starts = match known {
        Known::Whole => 0..=0,
        Known::Written => 0..=shortest,
    };
    starts.into_iter().any(|start| {
        whole
            .get(start..)
            .is_some_and(|wanted| fits(wanted, segments))
    })
}

fn fits(wanted: &[&str], segments: &[String]) -> bool {
    let Some((last, before)) = wanted.split_last() else {
        return false;
    };
    let is_open = *last == "*";
    let has_length = if is_open {
        segments.len() >= wanted.len()
    } else {
        segments.len() == wanted.len()
    };
    has_length
        && before
            .iter()
            .zip(segments)
            .enumerate()
            .all(|(index, (wanted, name))| {
                wanted == name || (index == 0 && is_standard(wanted) && is_standard(name))
            })
        && segments.last().is_some_and(|name| {
            if is_open || *last == "?" {
                // Types and constants do nothing by themselves.
                name.starts_with(|it: char| it.is_lowercase())
            } else {
                last.strip_suffix('*')
                    .map_or(*last == name, |start| name.starts_with(start))
            }
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
