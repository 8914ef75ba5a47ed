//! Each rule in each form of code has a program that the compiler refuses, and one that it lets through;
//! or there is a reason why not. Rules, forms and reasons are those of the checks themselves, so a new
//! rule, or a new form, fails here until it has its programs.
//!
//! A line of such a program is marked with `//~ DX0101 alias` if the recorded messages complain of it, and
//! with `//= DX0101 alias` if nobody does.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[path = "../../duroxide-macros/lint/tests/matrix/form.rs"]
mod form;
#[path = "../../duroxide-macros/lint/tests/matrix/holes.rs"]
mod holes;
#[path = "../../duroxide-macros/lint/tests/matrix/marks.rs"]
mod marks;
// As files and not as a dependency: all that this package depends on is built once more by its tests.
#[path = "../../duroxide-macros/lint/src/rules.rs"]
#[expect(unreachable_pub, reason = "written for a library")]
mod rules;
#[path = "../../duroxide-macros/lint/src/table.rs"]
#[expect(unreachable_pub, reason = "written for a library")]
mod table;

use form::FORMS;
use form::Form::{self, RenamedCrate, Suppressed};
use rules::{Off, Rule};

/// What no build says, and so no program here can show.
const NOT_BUILT: &[(&str, &[Form], &str)] = &[
    (
        "DX0303",
        &[RenamedCrate],
        "what the macros write begins with `::duroxide`: under another name it does not build",
    ),
    (
        "DX0401",
        &[RenamedCrate],
        "only the checker reads the sources of other crates: its own tests show it",
    ),
    (
        "DX0402",
        &FORMS,
        "only the checker asks what can be followed: in a build, types answer",
    ),
];

/// Why there is no program, if there is a reason.
fn reason(rule: &Rule, form: Form) -> Option<&'static str> {
    let of_all = holes::HOLES
        .iter()
        .filter(|(ids, forms, _)| ids.contains(&rule.id) && forms.contains(&form))
        .map(|(.., why)| *why);
    let of_builds = NOT_BUILT
        .iter()
        .filter(|(id, forms, _)| *id == rule.id && forms.contains(&form))
        .map(|(.., why)| *why);
    of_all.chain(of_builds).next()
}

#[test]
fn each_rule_has_its_programs_in_each_form() {
    let mut open = Vec::new();
    let [failing, passing] = marks::marks(&["ui", "manifest"], &mut open);
    for rule in table::RULES {
        for form in FORMS {
            let cell = (rule.id.to_owned(), form.word().to_owned());
            let fails = failing.contains(&cell);
            // What can never be allowed has nothing that passes there.
            let never_passes = form == Suppressed && rule.off == Off::Never;
            let passes = never_passes || passing.contains(&cell);
            match (fails && passes, reason(rule, form)) {
                (false, None) => open.push(format!(
                    "{} {} (fails: {fails}, passes: {passes})",
                    rule.id,
                    form.word()
                )),
                (true, Some(why)) => open.push(format!(
                    "{} {} has its programs, and needs no reason: {why}",
                    rule.id,
                    form.word()
                )),
                (true, None) | (false, Some(_)) => {}
            }
        }
    }
    assert!(open.is_empty(), "without a program:\n{}", open.join("\n"));
}
