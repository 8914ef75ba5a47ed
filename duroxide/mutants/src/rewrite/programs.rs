//! A program with mutants that tells what it does: as it was, rewritten, and as each mutant.

use std::path::Path;
use std::process::Command;

use crate::list::{Genre, Mutant};
use crate::rewrite::rewrite;
use crate::rewrite::tests::mutant;

/// Each line of its output is one expression. Values tell when they are looked at and dropped.
const PROGRAM: &str = r#"
struct Loud(&'static str);
impl Drop for Loud {
    fn drop(&mut self) { print!(" -{}", self.0); }
}
impl PartialEq for Loud {
    fn eq(&self, other: &Loud) -> bool { print!(" {}={}", self.0, other.0); self.0 == other.0 }
}
impl Loud {
    fn is(&self, value: bool) -> bool { print!(" {}", self.0); value }
}
fn loud(name: &'static str) -> Loud { print!(" +{name}"); Loud(name) }

fn and(l: bool, r: bool) -> bool { loud("a").is(l) && loud("b").is(r) }
fn or(l: bool, r: bool) -> bool { loud("c").is(l) || loud("d").is(r) }
fn same(r: &'static str) -> bool { loud("e") == loud(r) }
fn chain(l: bool) -> bool { if loud("f").is(l) && same("x") || !loud("g").is(l) { true } else { false } }
fn arm(n: u8) -> u8 { match n { 1 => 10, n if n > 5 => 20, _ => 30 } }
fn sum(mut n: u8) -> u8 { n += 3; n - 1 }
struct Pair { a: i8, b: i8 }
fn pair() -> i8 { let it = Pair { a: -1, ..Pair { a: 5, b: 2 } }; it.a + it.b }

fn main() {
    for (l, r) in [(false, false), (false, true), (true, false), (true, true)] {
        println!(" {}", and(l, r));
        println!(" {}", or(l, r));
    }
    for l in [false, true] { println!(" {}", chain(l)); }
    println!("{} {}", same("e"), same("x"));
    println!("{} {} {} {}", arm(1), arm(2), arm(7), sum(4));
    println!("{}", pair());
}
"#;

/// The mutants, and how each looks as text.
fn mutants() -> Vec<(Mutant, String)> {
    use Genre::{Arm, Binary, Body, Field, Guard, Unary};
    let table = [
        (Binary, "(l) «&& loud(\"b\")", "&&", "||"),
        (Binary, "(l) «|| loud(\"d\")", "||", "&&"),
        (Binary, "loud(\"e\") «== loud(r)", "==", "!="),
        (Binary, "(l) «&& same(\"x\")", "&&", "||"),
        (Binary, "same(\"x\") «|| !", "||", "&&"),
        (Unary, "«!loud(\"g\")", "!", ""),
        (Body, "«if loud(\"f\")", "if", "return false; if"),
        (Arm, "«1 => 10,", "1 => 10,", ""),
        (Guard, "if «n > 5", "n > 5", "true"),
        (Guard, "if «n > 5", "n > 5", "false"),
        (Binary, "n «> 5", ">", "=="),
        (Binary, "n «> 5", ">", "<"),
        (Binary, "n «+= 3", "+=", "-="),
        (Binary, "n «- 1", "-", "+"),
        (Field, "«a: -1,", "a: -1,", ""),
        (Unary, "«-1", "-", ""),
        (Binary, "it.a «+ it.b", "+", "*"),
    ];
    let numbered = (1..).zip(table).map(|(id, (genre, at, old, new))| {
        let changed = at.replace('«', "").replacen(old, new, 1);
        let changed = PROGRAM.replacen(&at.replace('«', ""), &changed, 1);
        let with = if genre == Body { "false" } else { new };
        (mutant(id, genre, PROGRAM, at, with), changed)
    });
    numbered.collect()
}

fn compile(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let (source, program) = (folder.join(format!("{name}.rs")), folder.join(name));
    std::fs::write(&source, text).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition=2024", "--cap-lints=allow", "-Cdebuginfo=0", "-o"]);
    let output = rustc.arg(&program).arg(&source).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{text}");
    program
}

fn run(program: &Path, mutant: usize) -> String {
    let mut command = Command::new(program);
    let output = command.env("DUROXIDE_MUTANT", mutant.to_string()).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

#[test]
fn a_rewritten_program_does_what_it_did_and_each_mutant_what_its_text_does() {
    let folder = tempfile::tempdir().unwrap();
    let mutants = mutants();
    let all: Vec<_> = mutants.iter().map(|(mutant, _)| mutant).collect();
    let rewritten = rewrite(PROGRAM, &all).unwrap();
    assert_eq!(rewritten.fate.done.len(), all.len());
    let switch = include_str!("../switch.rs").replace("//!", "//");
    let text = format!("{}\nmod mutant_switch {{ {switch} }}", rewritten.text);
    let program = compile(folder.path(), "rewritten", &text);
    let original = compile(folder.path(), "original", PROGRAM);
    let untouched = run(&original, 0);
    let log = folder.path().join("seen");
    let mut quiet = Command::new(&program);
    let output = quiet.env("DUROXIDE_MUTANTS_SEEN", &log).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), untouched);
    let seen = std::fs::read_to_string(log).unwrap();
    let mut seen: Vec<usize> = seen.lines().map(|line| line.parse().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, all.iter().map(|it| it.id).collect::<Vec<_>>());

    // All texts in one program: a module for each.
    let modules = mutants.iter().map(|(mutant, text)| {
        let text = text.replace("fn main()", "pub fn main()");
        format!("mod m{} {{ {text} }}\n", mutant.id)
    });
    let calls = mutants.iter().map(|(mutant, _)| {
        let id = mutant.id;
        format!("if which == \"{id}\" {{ m{id}::main() }}\n")
    });
    let modules: String = modules.collect();
    let calls: String = calls.collect();
    let main = format!(
        "fn main() {{ let which = std::env::var(\"DUROXIDE_MUTANT\").unwrap();\n{calls} }}"
    );
    let texts = compile(folder.path(), "texts", &format!("{modules}{main}"));
    for (mutant, text) in &mutants {
        let expected = run(&texts, mutant.id);
        assert_eq!(run(&program, mutant.id), expected, "{mutant:?}");
        assert_ne!(
            expected, untouched,
            "{mutant:?}: nothing tells it apart: {text}"
        );
    }
}

#[test]
fn no_mutant_is_on_unless_somebody_says_so() {
    assert!((1..9).all(|id| !crate::switch::on(id)));
}
