//! Other forms, and how far the search goes.

use duroxide_lint::allow::Allow;
use duroxide_lint::patterns::{MACROS, PATHS, TYPES};
use duroxide_lint::rules::Level;

use super::{MANIFEST, expect, search};

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
