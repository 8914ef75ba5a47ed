//! Items and texts that nobody would write: whatever stands below an attribute, the macro gives
//! tokens and never panics. Each case follows from its number.

use duroxide_lint::index::manifest::Manifest;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::kind::Kind;
use crate::{deterministic, duration, event, names, pipeline, test_attribute};

use dice::{Dice, each_case};

#[path = "../../duroxide/tests/it/support/dice.rs"]
#[expect(dead_code, reason = "other tests draw in more ways")]
mod dice;

/// Functions that are right, with bodies in which the checks find much.
const ITEMS: &[&str] = &[
    "async fn f(ctx: &ActivityContext, a: u8, #[serde(default)] b: Vec<String>) -> Result<A, B> { keep(a)?; Ok(A) }",
    "pub(crate) async fn f(_: &ActivityContext) -> Result<(), ()> { tokio::time::sleep(x).await; Ok(()) }",
    "/// Words.\n#[must_use] async fn f(ctx: &OrchestrationContext, map: HashMap<u8, u8>) -> Result<u64, String> { \
     for (k, v) in &map { ctx.schedule_activity(k, v).await?; } let t = Instant::now(); Ok(rand::random()) }",
    "async fn f<'a, T: Clone>(ctx: OrchestrationContext, a: T) -> Result<T, E> where T: 'a { \
     let x = async move { other(&ctx).await }; tokio::join!(x, y); println!(\"{}\", a); std::thread::sleep(d); Ok(a) }",
    "async fn f(ctx: &OrchestrationContext) -> Result<(), String> { #[duroxide::allow(DX0101, reason = \"x\")] let t = \
     SystemTime::now(); loop { if a { break 'l; } match b { Some(c) => return Err(c), _ => {} } } }",
    "async fn help(ctx: &OrchestrationContext, items: &[String]) -> Result<usize, String> { join_all(items.iter().map(|i| \
     send(ctx, i.clone()))).await.len(); Ok(unsafe { COUNT }) }",
    "async fn f(env: TestEnv) { let o = order::start(&env.client()).await.unwrap(); assert_eq!(o.result().await, Ok(1)); }",
    "#[event(name = \"approval\")] struct Approval<T> { by: String, at: T }",
    "#[derive(Debug)] enum E { A, B(u8), C { d: u8 } }",
];

const ATTRIBUTES: &[&str] = &[
    "",
    "name = \"a\", version = \"1.0.0\"",
    "retry(max_attempts = 3, initial = \"1s\", max_delay = \"1m\"), no_retry = [A, B(_)]",
    "timeout = \"5m\", tag = \"gpu\", data(Prices), cancellation = \"cooperative\"",
    "allow(DX0101, reason = \"because\")",
    "auto_skip = false, replay_twice = true",
];

/// What random tokens are made of.
const WORDS: &[&str] = &[
    "a",
    "f",
    "ctx",
    "self",
    "Self",
    "super",
    "crate",
    "_",
    "async",
    "await",
    "fn",
    "let",
    "mut",
    "ref",
    "move",
    "dyn",
    "impl",
    "for",
    "while",
    "loop",
    "if",
    "else",
    "match",
    "return",
    "break",
    "unsafe",
    "const",
    "static",
    "where",
    "pub",
    "struct",
    "enum",
    "trait",
    "type",
    "use",
    "mod",
    "macro_rules",
    "r#fn",
    "'a",
    "'static",
    "1",
    "0x",
    "1e9",
    "1.5f32",
    "-1",
    "\"\"",
    "\"1s\"",
    "b\"x\"",
    "'c'",
    "r#\"x\"#",
    "c\"x\"",
    "+",
    "-",
    "*",
    "/",
    "!",
    "?",
    "=",
    "==",
    "=>",
    "->",
    "<",
    ">",
    "::",
    ":",
    ";",
    ",",
    ".",
    "..",
    "..=",
    "...",
    "&",
    "&&",
    "|",
    "||",
    "#",
    "$",
    "@",
    "~",
    "^",
    "%",
    "name",
    "version",
    "retry",
    "allow",
    "DX0101",
    "reason",
    "ActivityContext",
    "OrchestrationContext",
    "Result",
    "Instant",
    "now",
    "HashMap",
    "tokio",
    "spawn",
    "select",
    "select2",
    "join_all",
    "println",
    "duroxide",
    "größe",
    "événement",
];

fn word(dice: &mut Dice) -> TokenStream {
    let words = WORDS[dice.index(WORDS.len())].parse();
    words.unwrap_or_default()
}

fn group(dice: &mut Dice, inside: TokenStream) -> TokenTree {
    let delimiters = [
        Delimiter::Parenthesis,
        Delimiter::Brace,
        Delimiter::Bracket,
        Delimiter::None,
    ];
    Group::new(delimiters[dice.index(4)], inside).into()
}

fn tokens(dice: &mut Dice, depth: u64) -> TokenStream {
    let mut made = TokenStream::new();
    for _ in 0..dice.below(12) {
        if depth > 0 && dice.one_in(5) {
            let inside = tokens(dice, depth - 1);
            made.extend([group(dice, inside)]);
        } else {
            made.extend(word(dice));
        }
    }
    made
}

/// One change, at any depth.
fn changed(dice: &mut Dice, stream: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = stream.into_iter().collect();
    if trees.is_empty() {
        return tokens(dice, 1);
    }
    let at = dice.index(trees.len());
    if let TokenTree::Group(inner) = &trees[at]
        && !dice.one_in(4)
    {
        let inside = changed(dice, inner.stream());
        trees[at] = Group::new(inner.delimiter(), inside).into();
        return trees.into_iter().collect();
    }
    match dice.below(6) {
        0 => drop(trees.remove(at)),
        1 => trees.insert(at, trees[at].clone()),
        2 => {
            let other = dice.index(trees.len());
            trees.swap(at, other);
        }
        3 => {
            let all = word(dice);
            trees.splice(at..=at, all);
        }
        4 => {
            let all = tokens(dice, 2);
            trees.splice(at..at, all);
        }
        _ => {
            let rest: TokenStream = trees.drain(at..).collect();
            let wrapped = group(dice, rest);
            trees.push(wrapped);
        }
    }
    trees.into_iter().collect()
}

fn one_of(dice: &mut Dice, all: &[&str]) -> TokenStream {
    let mut made: TokenStream = all[dice.index(all.len())].parse().unwrap();
    for _ in 0..dice.below(4) {
        made = changed(dice, made);
    }
    made
}

/// What each macro makes of that item.
fn expanded(attributes: &TokenStream, item: &TokenStream) -> [TokenStream; 4] {
    [
        pipeline::annotate(Kind::Activity, attributes.clone(), item),
        pipeline::annotate(Kind::Orchestration, attributes.clone(), item),
        deterministic::annotate(attributes, item),
        test_attribute::annotate(attributes.clone(), item),
    ]
}

#[test]
fn a_changed_item_gives_items_or_an_error_and_never_a_panic() {
    each_case(1_500, 300_000, |dice| {
        let attributes = one_of(dice, ATTRIBUTES);
        let item = one_of(dice, ITEMS);
        let shown = format!("#[x({attributes})] {item}");
        let is_function = syn::parse2::<syn::ItemFn>(item.clone()).is_ok();
        for tokens in expanded(&attributes, &item) {
            assert!(!tokens.is_empty(), "{shown}");
            let items = syn::parse2::<syn::File>(tokens.clone());
            assert!(!is_function || items.is_ok(), "{shown}\n{tokens}");
        }
        let derived = event::derive(item);
        assert!(
            syn::parse2::<syn::File>(derived.clone()).is_ok(),
            "{shown}\n{derived}"
        );
    });
}

#[test]
fn any_tokens_give_tokens() {
    each_case(1_500, 300_000, |dice| {
        let (attributes, item) = (tokens(dice, 3), tokens(dice, 4));
        let shown = format!("#[x({attributes})] {item}");
        for tokens in expanded(&attributes, &item) {
            assert!(!tokens.is_empty(), "{shown}");
        }
        assert!(!event::derive(item).is_empty(), "{shown}");
    });
}

fn text(dice: &mut Dice, alphabet: &str, longest: u64) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let length = dice.below(longest);
    (0..length)
        .map(|_| letters[dice.index(letters.len())])
        .collect()
}

#[test]
fn a_duration_is_what_it_says_or_is_refused() {
    each_case(20_000, 10_000_000, |dice| {
        let (unit, factor) = [
            ("ms", 1_u128),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ][dice.index(5)];
        let number = dice.next() >> dice.below(64);
        let exact = u128::from(number) * factor;
        let said = duration::millis(&format!("{number}{unit}"));
        assert_eq!(
            said.ok().map(u128::from),
            u64::try_from(exact).is_ok().then_some(exact)
        );
        // Whatever is taken is digits and a unit.
        let text = text(dice, "0123456789smhdµ. -+_é٣", 8);
        if duration::millis(&text).is_ok() {
            let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
            assert!(
                unit.len() < text.len() && ["ms", "s", "m", "h", "d"].contains(&unit),
                "{text}"
            );
        }
    });
}

/// A version that an attribute takes is one at run time too, and the other way round.
#[test]
fn a_version_is_one_for_everybody() {
    each_case(20_000, 10_000_000, |dice| {
        let mut version = format!(
            "{}.{}.{}",
            dice.below(12),
            dice.next() >> dice.below(64),
            dice.below(3)
        );
        match dice.below(4) {
            0 => version.push_str(&text(dice, ".-+0a1", 6)),
            1 => version = text(dice, "0123.-+aZ é", 12),
            2 => version.insert(dice.index(version.len()), '0'),
            _ => {}
        }
        assert_eq!(
            names::is_semantic_version(&version),
            semver::Version::parse(&version).is_ok(),
            "{version}"
        );
    });
}

#[test]
fn any_text_is_a_name_or_not_and_any_manifest_can_be_read() {
    each_case(5_000, 1_000_000, |dice| {
        let name = text(dice, "aZ0._:/@-_ é\u{0}\n🦀", 140);
        let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(
            names::check_name(&name).is_err() || (is_plain && !name.starts_with("__")),
            "{name:?}"
        );
        let manifest = text(dice, "[]=\"'{}.,# \n\\ax-_dependencies", 200);
        let about =
            "[dependencies]\nduroxide = { package = \"x\" }\n[lints.duroxide]\nDX0101 = \"warn\"\n";
        let cut = about.floor_char_boundary(dice.index(about.len()));
        let manifest = Manifest::parse(&format!("{}{manifest}", &about[..cut]));
        assert!(!manifest.has_package("nobody writes this"));
    });
}
