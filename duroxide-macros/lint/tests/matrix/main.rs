//! Each rule in each form in which people write code: a case that fails and one that passes, or the reason
//! why there is none. A rule or a form that is new has no case, and fails here until somebody decides.
//!
//! Cases are written here, for rules that the text shows; or in `ui-tests`, for those that types decide:
//! there a line is marked with `//~ DX0001 alias` if the compiler has to complain of it, and with
//! `//= DX0001 alias` if nothing may.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, a panic is the report"
)]

mod form;
mod holes;
mod marks;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use duroxide_lint::allow::Allow;
use duroxide_lint::index::krate::Crate;
use duroxide_lint::index::manifest::Manifest;
use duroxide_lint::rules::{Off, Rule};
use duroxide_lint::table::RULES;

use form::FORMS;
use form::Form::{
    self, Alias, Direct, Glob, InAsyncBlock, InClosure, InMacro, RenamedCrate, Suppressed,
};
use holes::HOLES;
use marks::marks;
use support::findings;
use table::{CALLS, MACROS, SNIPPETS};

/// Ids found in the function `checked` of this file.
fn found(before: &str, body: &str) -> Vec<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let source = format!(
        "{before}\nfn checked(ctx: &C, m: &std::collections::HashMap<u8, u8>) {{ {body} }}"
    );
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name).join("src/lib.rs");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        file
    };
    let file = write("app", &source);
    let other = write(
        "other",
        "pub fn help() { std::process::id(); }\npub fn pure() {}",
    );
    let manifest = Manifest::parse(&manifest());
    let (mut krate, place) = Crate::of_file(&file, manifest.clone()).unwrap();
    let other = Crate::at_root(other, Manifest::default());
    krate.add_neighbour("neighbour".to_owned(), Arc::new(other));
    let findings = findings(&source, (&krate, &place), &manifest, true);
    findings.iter().map(|it| it.rule.id).collect()
}

fn manifest() -> String {
    let mut text = "[package]\nname = \"shop\"\n[dependencies]\n".to_owned();
    let calls = CALLS
        .iter()
        .filter_map(|(.., renamed)| Some(renamed.as_ref()?.0));
    let macros = MACROS.iter().map(|(_, krate, ..)| *krate);
    let all: BTreeSet<_> = calls
        .chain(macros)
        .chain(["hashbrown", "neighbour", "tools"])
        .collect();
    for krate in all {
        let _ = writeln!(
            text,
            "{krate} = \"1\"\nrenamed_{krate} = {{ package = \"{krate}\", version = \"1\" }}"
        );
    }
    text + "[package.metadata.duroxide.lints]\nDX0204 = \"warn\"\nDX0402 = \"warn\"\nmacros = [\"vouched\"]\n"
}

/// A case: what stands before the function, its body, and whether the rule is broken.
type Case = (String, String, bool);

/// The cases for a call, which may be one of a function or of a macro.
fn of_call(
    rule: &Rule,
    form: Form,
    call: &str,
    imports: [&str; 2],
    as_other: [&str; 2],
) -> Vec<Case> {
    let allow = format!("#[duroxide::allow({}, reason = \"x\")]", rule.id);
    let body = match form {
        Direct | RenamedCrate => format!("{call};"),
        Alias => format!("{};", as_other[0]),
        Glob => format!("{};", as_other[1]),
        InMacro => {
            let bodies = [
                format!("let a = vec![{call}];"),
                format!("let a = format!(\"{{}}\", {call});"),
                format!("some! {{ a => [{call}] }}"),
            ];
            return bodies
                .into_iter()
                .flat_map(|body| with_pass(rule, &allow, "", &body))
                .chain(with_pass(
                    rule,
                    &allow,
                    &format!("macro_rules! own {{ () => {{ {call} }} }}"),
                    "own!();",
                ))
                .collect();
        }
        InClosure => format!("let f = |n| {call};"),
        InAsyncBlock => format!("let f = async move {{ {call} }};"),
        Suppressed => {
            return vec![
                (String::new(), format!("{allow} let a = {call};"), false),
                (String::new(), format!("{allow} {{ {call}; }}"), false),
                (String::new(), format!("f({allow} {call});"), false),
                (String::new(), format!("{call};"), true),
            ];
        }
    };
    let before = match form {
        Alias => imports[0],
        Glob => imports[1],
        Direct | RenamedCrate | InMacro | InClosure | InAsyncBlock | Suppressed => "",
    };
    with_pass(rule, &allow, before, &body)
}

/// The case, and the same where it is vouched for; or where what is named is none of the rule's.
fn with_pass(rule: &Rule, allow: &str, before: &str, body: &str) -> Vec<Case> {
    let fail = (before.to_owned(), body.to_owned(), true);
    let pass = if rule.off == Off::Allowed {
        (before.to_owned(), format!("{allow} {{ {body} }}"), false)
    } else {
        {
            let other = |text: &str| text.replace("for_test", "attempt");
            (other(before), other(body), false)
        }
    };
    vec![fail, pass]
}

/// The cases for this cell that are written here.
fn cases(rule: &Rule, form: Form) -> Vec<Case> {
    let mut cases = Vec::new();
    for (id, owner, name, renamed) in CALLS.iter().filter(|(id, ..)| *id == rule.id) {
        let (module, last) = owner.rsplit_once("::").unwrap();
        let call = match (form, renamed) {
            (RenamedCrate, None) => continue,
            (RenamedCrate, Some((package, path))) => format!("renamed_{package}::{path}(1)"),
            _ => format!("{owner}::{name}(1)"),
        };
        let imports = [
            format!("use {owner} as Other;"),
            format!("use {module}::*;"),
        ];
        let others = [format!("Other::{name}(1)"), format!("{last}::{name}(1)")];
        if form == Suppressed && rule.off != Off::Allowed {
            assert_cannot_be_allowed(id);
            cases.push((String::new(), format!("{call};"), true));
            continue;
        }
        cases.extend(of_call(
            rule,
            form,
            &call,
            [&imports[0], &imports[1]],
            [&others[0], &others[1]],
        ));
        // Whoever bears the same name is meant only if it is the same.
        let own = format!(
            "mod own {{ pub mod {last} {{ pub fn {name}(n: u8) {{}} }} }} use own::{last};"
        );
        cases.push((own, format!("{last}::{name}(1);"), false));
    }
    for (_, krate, name, arguments) in MACROS.iter().filter(|(id, ..)| *id == rule.id) {
        let call = match form {
            RenamedCrate => format!("renamed_{krate}::{name}! {arguments}"),
            _ => format!("{krate}::{name}! {arguments}"),
        };
        let imports = [
            format!("use {krate}::{name} as other;"),
            format!("use {krate}::*;"),
        ];
        let others = [
            format!("other! {arguments}"),
            format!("{name}! {arguments}"),
        ];
        cases.extend(of_call(
            rule,
            form,
            &call,
            [&imports[0], &imports[1]],
            [&others[0], &others[1]],
        ));
    }
    for (_, _, before, fail, pass) in SNIPPETS.iter().filter(|it| it.0 == rule.id && it.1 == form) {
        cases.push(((*before).to_owned(), (*fail).to_owned(), true));
        cases.push(((*before).to_owned(), (*pass).to_owned(), false));
    }
    cases
}

fn assert_cannot_be_allowed(id: &str) {
    let tokens = format!("{id}, reason = \"x\"").parse().unwrap();
    assert!(Allow::parse(&tokens, &tokens).is_err(), "{id}");
}

/// Whether any recorded message of the compiler shows the rule.
fn is_recorded(id: &str) -> bool {
    marks::files(&marks::root().join("ui")).iter().any(|path| {
        let text = fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
        text.contains(&format!("[{id}]"))
    })
}

#[test]
fn each_rule_has_a_case_in_each_form_or_a_reason_for_none() {
    let mut open = Vec::new();
    let [failing, passing] = marks(&["ui", "tests/corpus"], &mut open);
    for rule in RULES {
        for form in FORMS {
            let cell = (rule.id.to_owned(), form.word().to_owned());
            let cases = cases(rule, form);
            let mut fails = failing.contains(&cell);
            let mut passes = passing.contains(&cell);
            for (before, body, is_broken) in cases {
                let found = found(&before, &body);
                assert_eq!(
                    found.contains(&rule.id),
                    is_broken,
                    "{} {form:?}: {found:?}\n{before}\n{body}",
                    rule.id
                );
                fails |= is_broken;
                passes |= !is_broken;
            }
            match form {
                // What never can be allowed needs no case that is.
                Suppressed if rule.off == Off::Never => {
                    assert_cannot_be_allowed(rule.id);
                    passes = true;
                    fails = true;
                }
                Suppressed => fails = true,
                // Signatures: the recorded messages, and all that compiles.
                Direct if is_recorded(rule.id) => (fails, passes) = (true, true),
                _ => {}
            }
            let reasons = HOLES
                .iter()
                .filter(|(ids, forms, _)| ids.contains(&rule.id) && forms.contains(&form));
            let reason = reasons.map(|(.., why)| *why).next();
            match (fails && passes, reason) {
                (false, None) => open.push(format!(
                    "{} {} (fails: {fails}, passes: {passes})",
                    rule.id,
                    form.word()
                )),
                (true, Some(why)) if rule.off != Off::Never || form != Suppressed => {
                    open.push(format!(
                        "{} {} has a case, and so needs no reason: {why}",
                        rule.id,
                        form.word()
                    ));
                }
                _ => {}
            }
        }
    }
    assert!(open.is_empty(), "without a case:\n{}", open.join("\n"));
}
