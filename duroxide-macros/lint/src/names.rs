//! Names that are nearly others: rules in allowances (DX0007), activities and orchestrations that are called
//! by a text (DX0304).

use std::collections::BTreeSet;

use crate::body::What;
use crate::index::annotated;
use crate::index::function::{Fact, Function};
use crate::index::krate::{Crate, Place};
use crate::index::module::Kind;

/// What a crate knows by name.
#[derive(Debug, Default)]
pub struct Names {
    activities: BTreeSet<String>,
    orchestrations: BTreeSet<String>,
}

/// Which argument of that method is a text that is looked at: the name of an activity or an
/// orchestration, or a reason.
pub(crate) fn text_of(method: &str) -> Option<usize> {
    if method == "assume_durable" {
        return Some(1);
    }
    (noun(method).is_some() || method.starts_with("register")).then_some(0)
}

/// What the method calls by the name that it is given.
pub(crate) fn noun(method: &str) -> Option<&'static str> {
    if method.starts_with("schedule_activity") {
        Some("activity")
    } else if method.starts_with("schedule_sub_orchestration")
        || method.starts_with("schedule_orchestration")
    {
        Some("orchestration")
    } else {
        None
    }
}

impl Names {
    /// Those of the crate, and of the crates whose sources are looked at with it.
    pub fn of(krate: &Crate) -> Self {
        let mut names = Self::default();
        for krate in std::iter::once(krate).chain(krate.neighbours()) {
            for place in annotated::modules(krate) {
                names.add(&place);
            }
        }
        names
    }

    /// What was meant by a name that is nobody's.
    pub fn meant(&self, method: &str, name: &str) -> Option<(&'static str, &str)> {
        let noun = noun(method)?;
        let known = if noun == "activity" {
            &self.activities
        } else {
            &self.orchestrations
        };
        if known.contains(name) {
            return None;
        }
        Some((noun, nearest(name, known.iter().map(String::as_str))?))
    }

    fn add(&mut self, place: &Place) {
        let free = place.module.items.values().flatten();
        let free = free.filter_map(|kind| match kind {
            Kind::Function(function) => Some(function),
            _ => None,
        });
        let methods = place.module.methods.iter().map(|(_, method)| method);
        for function in free.chain(methods) {
            self.add_function(function);
        }
    }

    fn add_function(&mut self, function: &Function) {
        if let Some(annotation) = &function.annotation {
            let names = match annotation.kind.as_str() {
                "activity" => Some(&mut self.activities),
                "orchestration" => Some(&mut self.orchestrations),
                _ => None,
            };
            if let Some(names) = names {
                names.insert(annotation.name.clone());
            }
        }
        for Fact { what, .. } in function.facts() {
            if let What::Called { method, name } = what
                && method.starts_with("register")
            {
                // Builders of both have methods of the same names.
                self.activities.insert(name.clone());
                self.orchestrations.insert(name.clone());
            }
        }
    }
}

/// The known name that somebody meant who wrote this one, if only a letter or two are different. Names
/// that differ in their numbers were meant so.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Of short names many are near, and meant.
    let most = match name.chars().count() {
        0..=3 => return None,
        4..=5 => 1,
        _ => 2,
    };
    let letters = |text: &str| -> String { text.chars().filter(|it| !it.is_numeric()).collect() };
    let near = known.filter(|other| letters(other) != letters(name));
    let near = near.map(|other| (distance(name, other), other));
    near.filter(|(distance, _)| (1..=most).contains(distance))
        .min()
        .map(|(_, other)| other)
}

/// How many letters have to be put in, left out, changed, or swapped with the next.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at =
                |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut least = (at(&row, j + 1) + 1)
                .min(at(&next, j) + 1)
                .min(at(&row, j) + usize::from(x != y));
            let is_swapped = i.checked_sub(1).and_then(|i| a.get(i)) == Some(y)
                && j.checked_sub(1).and_then(|j| b.get(j)) == Some(x);
            if is_swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen_and_other_names_are_not() {
        let near = |name| {
            nearest(
                name,
                ["charge_card", "refund", "step2", "DX0101"].into_iter(),
            )
        };
        assert_eq!(near("chrage_card"), Some("charge_card"));
        assert_eq!(near("charge_crad"), Some("charge_card"));
        assert_eq!(near("refnd"), Some("refund"));
        assert_eq!(near("refund"), None);
        assert_eq!(near("step1"), None);
        assert_eq!(near("ship"), None);
        assert_eq!(nearest("Pay", ["pay"].into_iter()), None);
        assert_eq!(near("DXO101"), Some("DX0101"));
    }

    #[test]
    fn distances_are_counted() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
