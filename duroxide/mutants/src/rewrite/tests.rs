//! Small sources with mutants, and what becomes of them.

use crate::list::Genre::{self, Arm, Binary, Body, Field, Guard, Other, Unary};
use crate::list::Mutant;
use crate::rewrite::{offset, rewrite};

/// A mutant at the text that `at` marks: its first occurrence in the source, from where on `«` stands.
pub(super) fn mutant(id: usize, genre: Genre, source: &str, at: &str, with: &str) -> Mutant {
    let within = at.find('«').unwrap_or(0);
    let found = source.find(&at.replace('«', ""));
    let start = found.unwrap_or_else(|| panic!("`{at}` is not there")) + within;
    let before = &source[..start];
    let line = before.rsplit('\n').next().unwrap();
    Mutant {
        id,
        file: "duroxide/src/a.rs".to_owned(),
        name: format!("{id}"),
        genre,
        replacement: with.to_owned(),
        place: (before.matches('\n').count() + 1, line.chars().count() + 1),
        returns: String::new(),
    }
}

/// The rewritten text, with short names for switches, and the numbers of those that are in it.
fn rewritten(source: &str, mutants: &[(Genre, &str, &str)]) -> (String, Vec<usize>) {
    let mutants: Vec<_> = (1..)
        .zip(mutants)
        .map(|(id, &(genre, at, with))| mutant(id, genre, source, at, with))
        .collect();
    let all: Vec<_> = mutants.iter().collect();
    let out = rewrite(source, &all).unwrap();
    syn::parse_file(&out.text).unwrap_or_else(|error| panic!("{error}: {}", out.text));
    let text = out.text.replace("crate::mutant_switch::", "");
    (text, out.fate.done.into_iter().collect())
}

/// Rewrites the body of a function.
#[track_caller]
fn becomes(body: &str, mutants: &[(Genre, &str, &str)], expected: &str) {
    let (text, done) = rewritten(&format!("fn f() {{ {body} }}"), mutants);
    assert_eq!(text, format!("fn f() {{ {expected} }}"));
    assert_eq!(done, (1..=mutants.len()).collect::<Vec<_>>());
}

/// Leaves the body of a function as it is.
#[track_caller]
fn is_left_out(body: &str, mutants: &[(Genre, &str, &str)]) {
    let source = format!("fn f() {{ {body} }}");
    assert_eq!(rewritten(&source, mutants), (source, Vec::new()));
}

#[test]
fn a_body_returns_at_once() {
    let (text, done) = rewritten(
        "fn f() -> u8 {\n    a() + 1\n}",
        &[(Body, "a()", "0"), (Body, "a()", "1"), (Binary, "+", "-")],
    );
    let expected = "fn f() -> u8 {\n    if on(1) { return 0; }\nif on(2) { return 1; }\n\
        (match ((a() ), ( 1)) { (l_3, r_3) => if on(3) { l_3 - r_3 } else { l_3 + r_3 } })\n}";
    assert_eq!((text.as_str(), done), (expected, vec![1, 2, 3]));
    becomes(
        "a();",
        &[(Body, "a", "()")],
        "if on(1) { return (); }\na();",
    );
}

#[test]
fn a_lazy_operator_asks_the_other_question() {
    becomes(
        "a && b",
        &[(Binary, "&&", "||")],
        "({ let l_1: bool = a ; if l_1 != on(1) {  b } else { l_1 } })",
    );
    becomes(
        "a || b",
        &[(Binary, "||", "&&")],
        "({ let l_1: bool = a ; if l_1 == on(1) {  b } else { l_1 } })",
    );
}

#[test]
fn an_operator_in_another_one_is_within_it() {
    becomes(
        "a && b || c",
        &[(Binary, "||", "&&"), (Binary, "&&", "||")],
        "({ let l_1: bool = ({ let l_2: bool = a ; if l_2 != on(2) {  b } else { l_2 } }) ; \
         if l_1 == on(1) {  c } else { l_1 } })",
    );
    becomes(
        "a(!b == c)",
        &[(Binary, "==", "!="), (Unary, "!", "")],
        "a((match (&((!b ^ on(2)) ), &( c)) { (l_1, r_1) => if on(1) { l_1 != r_1 } else { l_1 == r_1 } }))",
    );
}

#[test]
fn a_comparison_looks_at_both_once() {
    becomes(
        "if x.y() < 3 { z }",
        &[(Binary, "<", "=="), (Binary, "<", ">")],
        "if (match (&(x.y() ), &( 3)) { (l_1, r_1) => \
         if on(1) { l_1 == r_1 } else if on(2) { l_1 > r_1 } else { l_1 < r_1 } }) { z }",
    );
}

#[test]
fn what_is_computed_with_values_takes_them() {
    becomes(
        "a << 4",
        &[(Binary, "<<", ">>")],
        "(match ((a ), ( 4)) { (l_1, r_1) => if on(1) { l_1 >> r_1 } else { l_1 << r_1 } })",
    );
}

#[test]
fn an_assignment_is_one_of_two() {
    becomes(
        "a.b[0] += c(d);",
        &[(Binary, "+=", "-="), (Binary, "+=", "*=")],
        "{ if on(1) { a.b[0] -= c(d) } else if on(2) { a.b[0] *= c(d) } else { a.b[0] += c(d) } };",
    );
}

#[test]
fn a_sign_may_be_missing() {
    becomes("!a.b()", &[(Unary, "!", "")], "(!a.b() ^ on(1))");
    becomes(
        "let x = -(a);",
        &[(Unary, "-", "")],
        "let x = (match (a) { v_1 => if on(1) { v_1 } else { -v_1 } });",
    );
    is_left_out("*a", &[(Unary, "*", "")]);
}

#[test]
fn conditions_that_bind_are_left_out() {
    is_left_out("if let Some(x) = a && b { c }", &[(Binary, "&&", "||")]);
    is_left_out("if a && let Some(x) = b { c }", &[(Binary, "&&", "||")]);
    is_left_out(
        "match a { x if let Some(y) = b => c, _ => d }",
        &[(Guard, "let", "true")],
    );
    let source = "fn f() { if a && let Some(x) = b { c } }";
    let wrong = mutant(1, Binary, source, "&&", "||");
    assert_eq!(rewrite(source, &[&wrong]).unwrap().fate.wrong, [1].into());
    // What stands within such a condition is none.
    becomes(
        "if let Some(x) = a && b == c { d }",
        &[(Binary, "==", "!=")],
        "if let Some(x) = a && (match (&(b ), &( c)) { (l_1, r_1) => \
         if on(1) { l_1 != r_1 } else { l_1 == r_1 } }) { d }",
    );
}

#[test]
fn an_arm_is_there_or_not() {
    becomes(
        "match a { B | C => d, _ => e }",
        &[(Arm, "B", "")],
        "match a { B | C if !on(1) => d, _ => e }",
    );
    becomes(
        "match a { B if c || d => e, _ => f }",
        &[(Arm, "B", "")],
        "match a { B if !on(1) && ((c || d)) => e, _ => f }",
    );
}

#[test]
fn a_guard_lets_everything_pass_or_nothing() {
    becomes(
        "match a { B if c => d, _ => e }",
        &[(Guard, "if «c", "true"), (Guard, "if «c", "false")],
        "match a { B if (on(1) || !on(2) && (c)) => d, _ => e }",
    );
    becomes(
        "match a { B if c && d => e, _ => f }",
        &[
            (Guard, "if «c", "true"),
            (Arm, "B", ""),
            (Binary, "&&", "||"),
        ],
        "match a { B if !on(2) && (on(1) || (({ let l_3: bool = c ; \
         if l_3 != on(3) {  d } else { l_3 } }))) => e, _ => f }",
    );
}

#[test]
fn a_field_may_come_from_the_base() {
    becomes(
        "A { b: c + 1, ..d() }",
        &[(Field, "b:", "")],
        "A { b: if on(1) { (d()).b } else { c + 1 }, ..d() }",
    );
    becomes(
        "Self { b, ..self }",
        &[(Field, "b", "")],
        "Self { b: if on(1) { (self).b } else { b }, ..self }",
    );
    is_left_out("A { b: c }", &[(Field, "b:", "")]);
}

#[test]
fn places_count_characters_and_offsets_count_bytes() {
    becomes(
        "let ä = \"…\"; b\n&& c",
        &[(Binary, "&&", "||")],
        "let ä = \"…\"; ({ let l_1: bool = b\n; if l_1 != on(1) {  c } else { l_1 } })",
    );
    assert_eq!(offset("ä\nöü", (2, 2)), Some(5));
    assert_eq!(offset("ä\nöü", (2, 3)), None);
    assert_eq!(offset("ä", (0, 1)), None);
}

#[test]
fn what_is_not_known_or_not_there_is_left_out() {
    is_left_out("a + b", &[(Other, "+", "")]);
    is_left_out("a + b", &[(Binary, "a", "-")]);
    assert!(rewrite("fn f( {}", &[]).is_err());
}
