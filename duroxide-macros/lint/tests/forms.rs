//! Each rule in each form in which people write such code: the same search that the macros make, on
//! sources that are written for it.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::fs;

use duroxide_lint::allow::Allow;
use duroxide_lint::check::{Finding, Surroundings, check};
use duroxide_lint::index::krate::Crate;
use duroxide_lint::index::manifest::Manifest;
use duroxide_lint::patterns::{MACROS, PATHS, TYPES};
use duroxide_lint::read;
use duroxide_lint::rules::Level;
use syn::Item;

const MANIFEST: &str = "[package]\nname = \"shop\"\n[dependencies]\ntokio = \"1\"\nfutures = \"0.3\"\nrand = \"0.9\"\n\
    uuid = \"1\"\nreqwest = \"0.12\"\nduroxide = \"0.1\"\nlog = \"0.4\"\n\
    hashbrown = \"0.15\"\nahash = \"0.8\"\ndashmap = \"6\"\nrustc-hash = \"2\"\nfxhash = \"0.2\"\nindexmap = \"2\"\n\
    swiss = { package = \"hashbrown\", version = \"0.15\" }\n\
    renamed_rand = { package = \"rand\", version = \"0.8\" }\n\
    renamed_tokio = { package = \"tokio\", version = \"1\" }\n\
    renamed_uuid = { package = \"uuid\", version = \"1\" }\n";

/// The ids found in the function `checked` of a crate with this root file, and one more file.
fn found(root: &str, other: &str) -> Vec<&'static str> {
    found_where(root, other, true)
}

/// The same, by the checker or in a build.
fn found_where(root: &str, other: &str, only_text: bool) -> Vec<&'static str> {
    let findings = search(root, other, MANIFEST, only_text);
    findings.iter().map(|it| it.rule.id).collect()
}

fn search(root: &str, other: &str, manifest: &str, only_text: bool) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("src/lib.rs");
    fs::create_dir_all(folder.path().join("src")).unwrap();
    fs::write(&file, root).unwrap();
    fs::write(folder.path().join("src/other.rs"), other).unwrap();
    let manifest = Manifest::parse(manifest);
    let (krate, place) = Crate::of_file(&file, manifest.clone()).unwrap();
    let parsed = syn::parse_file(root).unwrap();
    let function = parsed.items.iter().find_map(|item| match item {
        Item::Fn(it) if it.sig.ident == "checked" => Some(it),
        _ => None,
    });
    let function = function.unwrap();
    let body = read::read(&function.sig, &function.block, Vec::new());
    let around = Surroundings {
        krate: &krate,
        place: &place,
        self_type: None,
        only_text,
    };
    let checked = check(&body, Some(&around), &manifest, "ctx");
    assert!(
        checked.invalid.is_empty() && body.invalid.is_empty(),
        "{root}"
    );
    checked.findings
}

#[track_caller]
fn expect(root: &str, other: &str, expected: &[&str]) {
    assert_eq!(found(root, other), expected, "{root}\n---\n{other}");
}

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

#[test]
fn shared_state_and_forms_are_found() {
    for ty in [
        "AtomicU64",
        "Mutex<u8>",
        "std::sync::OnceLock<u8>",
        "LazyLock<Vec<u8>>",
    ] {
        let root = format!("static STATE: {ty} = x();\nfn checked() {{ STATE.get(); }}");
        expect(&root, "", &["DX0107"]);
    }
    for ty in ["u8", "&str", "[Item; 2]", "LazyLock<Regex>", "Vec<u8>"] {
        let root = format!("static STATE: {ty} = x();\nfn checked() {{ STATE.get(); }}");
        expect(&root, "", &[]);
    }
    expect(
        "static mut S: u8 = 1;\nfn checked() { S + 1; }",
        "",
        &["DX0107"],
    );
    expect(
        "thread_local! { static T: Cell<u8> = x(); }\nfn checked() { T.get(); }",
        "",
        &["DX0107"],
    );
    expect(
        "mod other;\nfn checked() { other::S.get(); }",
        "pub static S: AtomicU8 = x();",
        &["DX0107"],
    );
    expect(
        "fn checked() { help(); }\nstatic S: AtomicU8 = x();\nfn help() { S.load(o); }",
        "",
        &["DX0401"],
    );
    expect(
        "fn checked(m: &HashMap<u8, u8>) { for a in m { } m.keys(); m.get(&1); }",
        "",
        &["DX0105"; 2],
    );
    expect(
        "fn checked() { help(&m); }\nfn help(m: &HashMap<u8, u8>) { for a in m {} }",
        "",
        &["DX0401"],
    );
    expect("fn checked() { unsafe { a() } }", "", &["DX0117"]);
    expect("fn checked() { format!(\"{:p}\", &a); }", "", &["DX0116"]);
    expect("fn checked() { loop { a.await; } }", "", &["DX0203"]);
    expect("fn checked() { a(async || 1); }", "", &["DX0001"]);
    expect("fn checked() { all.par_iter(); }", "", &["DX0108"]);
}

/// Walks through `m` whose order nobody sees.
const ORDER_FREE: &[&str] = &[
    "m.values().sum::<u64>()",
    "m.values().filter(|it| **it > 1).count()",
    "m.keys().any(|it| *it == 1)",
    "m.values().copied().max().unwrap_or(0)",
    "m.iter().collect::<BTreeMap<_, _>>()",
    "let total: u64 = m.values().sum()",
    "let ordered: BTreeSet<_> = m.keys().collect()",
    "f(duroxide::sorted(m.iter()))",
    "BTreeMap::from_iter(m.iter())",
    "for it in duroxide::sorted(m) {}",
    "m.len() + m.get(&1)",
];

/// And walks whose order somebody sees.
const ORDERED: &[&str] = &[
    "for it in m {}",
    "for it in m.keys() {}",
    "m.values().sum::<f64>()",
    "m.values().take(2).sum::<u64>()",
    "let first: u64 = m.values().next().unwrap_or(0)",
    "m.iter().collect::<Vec<_>>()",
    "m.drain()",
];

#[test]
fn a_walk_is_found_where_its_order_shows() {
    for ty in ["HashMap<u8, u64>", "&std::collections::HashMap<u8, u64>"] {
        for (walks, own, helped) in [
            (ORDER_FREE, &[] as &[&str], &[] as &[&str]),
            (ORDERED, &["DX0105"], &["DX0401"]),
        ] {
            for walk in walks {
                expect(&format!("fn checked(m: {ty}) {{ {walk}; }}"), "", own);
                let helper = format!("fn checked() {{ help(n); }}\nfn help(m: {ty}) {{ {walk}; }}");
                expect(&helper, "", helped);
            }
        }
    }
    for (result, found) in [
        ("u64", &[] as &[&str]),
        ("f64", &["DX0401"]),
        ("Vec<u64>", &["DX0401"]),
    ] {
        let helper = format!(
            "fn checked() {{ help(n); }}\nfn help(m: &HashMap<u8, u64>) -> {result} {{ m.values().sum() }}"
        );
        expect(&helper, "", found);
    }
}

#[test]
fn a_type_is_known_behind_its_names() {
    for (items, ty, found) in [
        (
            "type Prices = std::collections::HashMap<u8, u8>;",
            "&Prices",
            &["DX0105"] as &[&str],
        ),
        ("mod other;\nuse other::Prices as P;", "P", &["DX0105"]),
        (
            "use std::collections::HashSet as S;",
            "&mut S<u8>",
            &["DX0105"],
        ),
        ("use std::collections::*;", "HashSet<u8>", &["DX0105"]),
        ("struct HashMap;", "&HashMap", &[]),
        (
            "type HashMap = std::collections::BTreeMap<u8, u8>;",
            "&HashMap",
            &[],
        ),
        (
            "use std::collections::BTreeMap as HashMap;",
            "&HashMap<u8, u8>",
            &[],
        ),
    ] {
        expect(
            &format!("{items}\nfn checked(m: {ty}) {{ for it in m {{}} }}"),
            "pub type Prices = std::collections::HashMap<u8, u8>;",
            found,
        );
    }
}

#[test]
fn hash_maps_of_other_crates_are_known() {
    for ty in [
        "hashbrown::HashMap<u8, u8>",
        "hashbrown::hash_map::HashMap<u8, u8>",
        "ahash::AHashMap<u8, u8>",
        "ahash::AHashSet<u8>",
        "dashmap::DashMap<u8, u8>",
        "rustc_hash::FxHashMap<u8, u8>",
        "fxhash::FxHashSet<u8>",
        "swiss::HashMap<u8, u8>",
    ] {
        let (_, last) = ty.rsplit_once("::").unwrap();
        let (name, _) = last.split_once('<').unwrap();
        let (path, _) = ty.split_once('<').unwrap();
        for walk in [
            "for it in &m {}",
            "m.iter().next()",
            "m.drain()",
            "m.into_iter().collect::<Vec<_>>()",
            "m.clone().into_values().next()",
            "m.retain(|_, it| *it > 1)",
        ] {
            expect(
                &format!("fn checked(m: {ty}) {{ {walk}; }}"),
                "",
                &["DX0105"],
            );
            let imported = format!("use {path} as M;\nfn checked(m: &mut M<u8>) {{ {walk}; }}");
            expect(&imported, "", &["DX0105"]);
            let made = format!("use {path};\nfn checked() {{ let m = {name}::new(); {walk}; }}");
            expect(&made, "", &["DX0105"]);
            let helped = format!("fn checked() {{ help(m); }}\nfn help(m: {ty}) {{ {walk}; }}");
            expect(&helped, "", &["DX0401"]);
        }
        for free in [
            "m.get(&1)",
            "m.values().sum::<u64>()",
            "m.insert(1, 2)",
            "m.len()",
        ] {
            expect(&format!("fn checked(m: {ty}) {{ {free}; }}"), "", &[]);
        }
    }
    for ty in [
        "BTreeMap<u8, u8>",
        "indexmap::IndexMap<u8, u8>",
        "Vec<u8>",
        "shop::HashMap<u8, u8>",
    ] {
        expect(
            &format!("fn checked(m: {ty}) {{ for it in m {{}} m.retain(f); }}"),
            "",
            &[],
        );
    }
}

#[test]
fn a_build_refuses_no_retain_and_leaves_std_to_types() {
    let in_build = |root: &str| found_where(root, "", false);
    for (ty, walk, found) in [
        ("HashMap<u8, u8>", "for it in m {}", &[] as &[&str]),
        ("HashMap<u8, u8>", "m.retain(f)", &[]),
        ("hashbrown::HashMap<u8, u8>", "m.retain(f)", &[]),
        ("hashbrown::HashMap<u8, u8>", "for it in m {}", &["DX0105"]),
    ] {
        let own = format!("fn checked(m: {ty}) {{ {walk}; }}");
        assert_eq!(in_build(&own), found, "{own}");
        let helped = format!("fn checked() {{ help(m); }}\nfn help(m: {ty}) {{ {walk}; }}");
        let reached: &[&str] = if walk.contains("retain") {
            &[]
        } else {
            &["DX0401"]
        };
        assert_eq!(in_build(&helped), reached, "{helped}");
    }
}

#[test]
fn calls_that_cannot_be_followed_are_listed_where_a_project_asks() {
    let strict = format!("{MANIFEST}[package.metadata.duroxide.lints]\nDX0402 = \"warn\"\n");
    let items = "trait Rate { fn rate(&self) -> u8; fn twice(&self) -> u8 { self.rate() * 2 } }\n\
        struct Fixed(u8); impl Fixed { fn cents(&self) -> u8 { 1 } #[deterministic] fn known(&self) -> u8 { 2 } }\n";
    for (call, is_listed) in [
        ("a: &dyn Rate) { a.rate()", true),
        ("a: Box<dyn Rate>) { a.twice()", true),
        ("a: impl Rate) { a.rate()", true),
        ("a: &T) { a.rate()", true),
        ("a: fn(u8) -> u8) { a(1)", true),
        ("a: &S) { (a.rate)(1)", true),
        ("a: &[fn()]) { a[0]()", true),
        ("a: u8) { let f = pick(a); f(1)", true),
        ("a: &Fixed) { a.cents()", false),
        ("a: u8) { let it = Fixed(a); Fixed::cents(&it)", false),
        ("a: u8) { make().known()", false),
        ("a: u8) { let f = |n| n; f(a)", false),
        ("a: u8) { let f = help; f(a)", false),
        ("a: u8) { (|n: u8| n)(a)", false),
        ("a: u8) { a.pow(2)", false),
        ("a: &[u8]) { a.iter().map(f).count()", false),
        ("a: &str) { a.len(); Some(a)", false),
    ] {
        let root = format!(
            "{items}fn checked({call}; }}\nfn help(n: u8) -> u8 {{ n }}\nfn pick(n: u8) -> fn(u8) {{ x }}"
        );
        let ids = |manifest: &str, only_text: bool| -> Vec<_> {
            let findings = search(&root, "", manifest, only_text);
            findings.iter().map(|it| it.rule.id).collect()
        };
        let expected: &[&str] = if is_listed { &["DX0402"] } else { &[] };
        assert_eq!(ids(&strict, true), expected, "{root}");
        // Only the checker looks, and only where it is asked to.
        assert_eq!(ids(&strict, false), [] as [&str; 0], "{root}");
        assert_eq!(ids(MANIFEST, true), [] as [&str; 0], "{root}");
    }
}

#[test]
fn a_name_that_is_nearly_another_is_a_warning() {
    let items = "mod other;\n#[activity]\nfn charge_card() {}\n#[orchestration(name = \"pay out\")]\nfn pay() {}\n\
        fn more(b: B) { b.register(\"refund\", f).register_typed(\"step2\", g); }\n";
    let other = "#[cfg(test)] mod tests { #[activity] fn shipping() {} }";
    for (call, meant) in [
        ("schedule_activity(\"chrage_card\", x)", Some("charge_card")),
        (
            "schedule_activity_typed::<A, B>(\"charge_crd\", &x)",
            Some("charge_card"),
        ),
        (
            "schedule_activity_with_retry(\"refnd\", p, x)",
            Some("refund"),
        ),
        ("schedule_activity(\"shiping\", x)", Some("shipping")),
        (
            "schedule_sub_orchestration(\"pay_out\", x)",
            Some("pay out"),
        ),
        ("schedule_orchestration(\"payout\", id, x)", Some("pay out")),
        ("schedule_activity(\"charge_card\", x)", None),
        ("schedule_activity(\"refund\", x)", None),
        ("schedule_activity(\"step1\", x)", None),
        ("schedule_activity(\"somebody else's\", x)", None),
        ("schedule_activity(\"pay_out\", x)", None),
        ("schedule_activity(name, x)", None),
        ("schedule_wait(\"chrage_card\")", None),
    ] {
        let root = format!("{items}fn checked(ctx: &C) {{ ctx.{call}; }}");
        for only_text in [true, false] {
            let findings = search(&root, other, MANIFEST, only_text);
            let found: Vec<_> = findings.iter().map(|it| (it.rule.id, it.level)).collect();
            let expected: &[_] = if meant.is_some() {
                &[("DX0304", Level::Warning)]
            } else {
                &[]
            };
            assert_eq!(found, expected, "{root}");
            if let Some(meant) = meant {
                let wanted = format!("did you mean `{meant}`?");
                assert!(findings[0].text.contains(&wanted), "{}", findings[0].text);
            }
        }
    }
}

#[test]
fn a_mistyped_rule_is_told_what_was_meant() {
    for (id, expected) in [
        ("DX0O101", "did you mean `DX0101` (the clock)?"),
        ("dx0105", "did you mean `DX0105` (unordered iteration)?"),
        ("DX105", "did you mean `DX0105` (unordered iteration)?"),
        ("DX9999", "the rules are listed in `docs/lints`; delete it"),
        ("clock", "the rules are listed in `docs/lints`; delete it"),
    ] {
        let tokens = format!("{id}, reason = \"x\"").parse().unwrap();
        let invalid = Allow::parse(&tokens, &tokens).unwrap_err();
        assert_eq!(invalid[0].what, format!("there is no rule `{id}` [DX0007]"));
        assert_eq!(invalid[0].help, expected);
    }
}

#[test]
fn annotated_and_async_helpers_answer_for_themselves() {
    for attribute in [
        "#[activity]",
        "#[duroxide::deterministic]",
        "#[orchestration]",
    ] {
        let root = format!(
            "fn checked() {{ help(1); }}\n{attribute}\nfn help(n: u8) {{ std::env::var(n); }}"
        );
        expect(&root, "", &[]);
    }
    expect(
        "fn checked() { help(1); }\nasync fn help(n: u8) { std::env::var(n); }",
        "",
        &[],
    );
}

#[test]
fn every_pattern_matches_what_it_says() {
    use duroxide_lint::matching::{Known, macro_rule, path_rule, type_rule};
    for (table, rule) in [
        (
            PATHS,
            path_rule as fn(&[String], Known) -> Option<&'static str>,
        ),
        (MACROS, macro_rule),
        (TYPES, type_rule),
    ] {
        for (id, patterns) in table {
            for pattern in *patterns {
                let path = pattern.replace('|', "").replace(['*', '?'], "x");
                let segments: Vec<_> = path.split("::").map(str::to_owned).collect();
                let matched = rule(&segments, Known::Whole);
                assert_eq!(matched, Some(*id), "{pattern}");
            }
        }
    }
}

#[test]
fn files_that_cannot_be_read_change_nothing() {
    let broken =
        "mod other;\nmod missing;\nuse other::thing;\nfn checked() { thing(1); std::env::var(2); }";
    expect(broken, "this is no Rust {", &["DX0110"]);
}

/// A name is a local one from its binding on: what gives it its value may be a function of that name.
#[test]
fn a_function_is_followed_into_a_name_of_its_own() {
    let helper =
        "mod h { pub fn rate() -> u64 { std::process::id() } pub fn pure() {} } use h::rate;";
    let body = |text: &str| format!("{helper}\nfn checked(ctx: &C) {{ {text} }}");
    expect(&body("let rate = rate();"), "", &["DX0401"]);
    expect(&body("if let Some(rate) = rate() {}"), "", &["DX0401"]);
    expect(&body("for rate in rate() {}"), "", &["DX0401"]);
    expect(&body("let rate = |n| n; rate(1);"), "", &[]);
    expect(&body("let f = |rate| rate(1);"), "", &[]);
    expect(&body("fn inner(rate: fn()) { rate() }"), "", &[]);
}
