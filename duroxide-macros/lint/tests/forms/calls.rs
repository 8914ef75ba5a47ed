//! What is called: however it is written, and behind whatever.

use super::expect;

/// A call of each rule: the path of its type or module, and the function in it.
const CALLS: &[(&str, &str, &str)] = &[
    ("DX0101", "std::time::SystemTime", "now"),
    ("DX0101", "std::time::Instant", "now"),
    ("DX0101", "tokio::time::Instant", "now"),
    ("DX0102", "std::hash::RandomState", "new"),
    ("DX0102", "rand", "random"),
    ("DX0103", "uuid::Uuid", "new_v4"),
    ("DX0104", "std::thread", "sleep"),
    ("DX0104", "tokio::time", "sleep"),
    ("DX0108", "std::thread", "spawn"),
    ("DX0108", "tokio::task", "spawn_blocking"),
    ("DX0110", "std::env", "var"),
    ("DX0110", "std::process", "id"),
    ("DX0111", "std::fs", "read_to_string"),
    ("DX0111", "std::fs::File", "open"),
    ("DX0112", "std::net::TcpStream", "connect"),
    ("DX0112", "reqwest::Client", "new"),
    ("DX0113", "std::process::Command", "new"),
    ("DX0113", "std::process", "exit"),
    ("DX0114", "std::sync::mpsc", "channel"),
    ("DX0114", "tokio::sync::Notify", "new"),
    ("DX0115", "std::io", "stdin"),
    ("DX0116", "std::any", "type_name"),
    ("DX0117", "std::panic", "catch_unwind"),
    ("DX0303", "duroxide::ActivityContext", "for_test"),
];

const WARNINGS: &[&str] = &["DX0116", "DX0117"];

#[test]
fn a_call_is_found_however_it_is_written() {
    for (id, owner, name) in CALLS {
        let (module, last) = owner.rsplit_once("::").unwrap_or(("", owner));
        let in_body = |body: &str| format!("fn checked() {{ {body} }}");
        let path = format!("{owner}::{name}");
        for body in [
            format!("{path}(1);"),
            format!("let f = || {path}(1);"),
            format!("let f = async {{ {path}(1) }};"),
            format!("let all = vec![format!(\"{{:?}}\", {path}(1))];"),
            format!("some_macro! {{ a => [{path}(1)] }}"),
            format!("let all = values.map({path});"),
            format!("if a {{ match b {{ _ => {path}(1) }} }}"),
            format!("use {path} as other; other(1);"),
            format!("use {owner} as T; T::{name}(1);"),
            format!("use {owner}::*; {name}(1);"),
            format!("use {owner}::{{self as T, {name}}}; T::{name}(1);"),
            format!("fn inner() {{ {path}(1); }}"),
        ] {
            // A type has no glob, and its functions are no items.
            let is_type = last.starts_with(char::is_uppercase);
            let names_items =
                body.contains("::*") || body.contains("self as") || body.contains(" as other");
            if is_type && names_items {
                continue;
            }
            expect(&in_body(&body), "", &[id]);
        }
        expect(
            &format!("use {owner} as T;\n{}", in_body(&format!("T::{name}(1);"))),
            "",
            &[id],
        );
        if !module.is_empty() {
            expect(
                &format!(
                    "use {module}::*;\n{}",
                    in_body(&format!("{last}::{name}(1);"))
                ),
                "",
                &[id],
            );
            expect(
                &format!(
                    "use {module};\n{}",
                    in_body(&format!(
                        "{}::{last}::{name}(1);",
                        module.rsplit("::").next().unwrap()
                    ))
                ),
                "",
                &[id],
            );
        }
    }
}

#[test]
fn a_call_is_found_behind_helpers_and_own_macros() {
    for (id, owner, name) in CALLS {
        let is_error = !WARNINGS.contains(id);
        let chain: &[&str] = if is_error { &["DX0401"] } else { &[] };
        let one = format!("fn checked() {{ help(1); }}\nfn help(n: u8) {{ {owner}::{name}(n); }}");
        expect(&one, "", chain);
        let three = "mod other;\nuse other::Helper as H;\nfn checked() { first(1); }\nfn first(n: u8) { second(n) }\n\
             fn second(n: u8) { H::third(n) }\n";
        let other = format!(
            "use {owner} as T;\npub struct Helper;\nimpl Helper {{ pub fn third(n: u8) {{ T::{name}(n); }} }}"
        );
        expect(three, &other, chain);
        let own_macro = format!(
            "macro_rules! own {{ () => {{ {owner}::{name}(1) }} }}\nfn checked() {{ own!(); }}"
        );
        expect(&own_macro, "", &[id]);
        let recursive = format!(
            "fn checked() {{ a(1); }}\nfn a(n: u8) {{ b(n); }}\nfn b(n: u8) {{ a(n); {owner}::{name}(n); }}"
        );
        expect(&recursive, "", chain);
    }
}

#[test]
fn what_is_vouched_for_is_not_found() {
    for (id, owner, name) in CALLS.iter().filter(|(id, ..)| *id != "DX0303") {
        let reason = "reason = \"for the test\"";
        let allow = format!("#[duroxide::allow({id}, {reason})]");
        for body in [
            format!("{allow} let it = {owner}::{name}(1);"),
            format!("{allow} {owner}::{name}(1);"),
            format!("{allow} {{ f({owner}::{name}(1)); }}"),
            format!("f({allow} {owner}::{name}(1));"),
        ] {
            expect(&format!("fn checked() {{ {body} }}"), "", &[]);
        }
        if !WARNINGS.contains(id) {
            for id in [*id, "DX0401"] {
                let allow = format!("#[duroxide::allow({id}, {reason})]");
                let helper = format!(
                    "fn checked() {{ {allow} help(1); }}\nfn help(n: u8) {{ {owner}::{name}(n); }}"
                );
                expect(&helper, "", &[]);
            }
        }
    }
}

#[test]
fn look_alikes_are_not_found() {
    for (_, owner, name) in CALLS {
        let (_, last) = owner.rsplit_once("::").unwrap_or(("", owner));
        let is_type = last.starts_with(char::is_uppercase);
        let item = |vis: &str| {
            if is_type {
                format!("{vis} struct {last}; impl {last} {{ pub fn {name}(n: u8) {{}} }}")
            } else {
                format!("{vis} mod {last} {{ pub fn {name}(n: u8) {{}} }}")
            }
        };
        let call = format!("fn checked() {{ {last}::{name}(1); }}");
        expect(&format!("{}\n{call}", item("")), "", &[]);
        expect(
            &format!("mod other;\nuse other::{last};\n{call}"),
            &item("pub"),
            &[],
        );
        expect(
            &format!("mod other;\nuse crate::other::*;\n{call}"),
            &item("pub"),
            &[],
        );
        // Text, attributes and types do nothing.
        expect(
            &format!(
                "fn checked(a: Option<{owner}>) {{ stringify!({owner}::{name}(1)); let b: {owner}; }}"
            ),
            "",
            &[],
        );
        expect(
            &format!("fn checked() {{ let a = \"{owner}::{name}(1)\"; }}"),
            "",
            &[],
        );
    }
}

#[test]
fn renamed_crates_are_known() {
    expect("fn checked() { renamed_rand::random(); }", "", &["DX0102"]);
    expect(
        "use renamed_uuid as u;\nfn checked() { u::Uuid::new_v4(); }",
        "",
        &["DX0103"],
    );
    expect(
        "use renamed_tokio::{spawn, time::sleep};\nfn checked() { spawn(1); sleep(2); }",
        "",
        &["DX0108", "DX0104"],
    );
    expect(
        "use renamed_tokio::select as first;\nfn checked() { first! { a => b } }",
        "",
        &["DX0109"],
    );
    expect("fn checked() { unknown_crate::random(); }", "", &[]);
}

#[test]
fn macros_are_found_by_their_crate() {
    expect(
        "fn checked() { tokio::select! { a = b => c } }",
        "",
        &["DX0109"],
    );
    expect(
        "use futures::join;\nfn checked() { join!(a, b); }",
        "",
        &["DX0109"],
    );
    expect(
        "use duroxide::join;\nfn checked() { join!(a, b); }",
        "",
        &[],
    );
    expect(
        "use duroxide::prelude::*;\nfn checked() { join!(a, b); select! { a = b => c } }",
        "",
        &[],
    );
    expect(
        "fn checked() { println!(\"x\"); dbg!(1); log::info!(\"y\"); }",
        "",
        &["DX0201"; 3],
    );
    expect(
        "use log::warn;\nfn checked() { warn!(\"x\"); }",
        "",
        &["DX0201"],
    );
    expect(
        "macro_rules! wait { ($a:expr) => { $a.await } }\nfn checked() { wait!(a); }",
        "",
        &["DX0109"],
    );
    expect(
        "macro_rules! twice { ($a:expr) => { $a * 2 } }\nfn checked() { twice!(a); }",
        "",
        &[],
    );
    expect(
        "mod other;\nfn checked() { ours!(a); }",
        "#[macro_export] macro_rules! ours { ($a:expr) => { $a } }",
        &[],
    );
}
