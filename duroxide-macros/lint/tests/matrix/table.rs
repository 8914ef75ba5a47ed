//! The cases.

use crate::form::Form::{
    self, Alias, Direct, Glob, InAsyncBlock, InClosure, InMacro, RenamedCrate, Suppressed,
};

/// A crate, and a path in it, if the rule looks for something outside of the standard library.
type Renamed = Option<(&'static str, &'static str)>;

/// Rules that a call of a function breaks: the path of its type or module, its name, and the same or
/// something like it in a crate under another name.
#[rustfmt::skip]
pub(crate) const CALLS: &[(&str, &str, &str, Renamed)] = &[
    ("DX0101", "std::time::SystemTime", "now", Some(("chrono", "Utc::now"))),
    ("DX0102", "std::hash::RandomState", "new", Some(("rand", "random"))),
    ("DX0103", "uuid::Uuid", "new_v4", Some(("uuid", "Uuid::new_v4"))),
    ("DX0104", "std::thread", "sleep", Some(("tokio", "time::sleep"))),
    ("DX0108", "std::thread", "spawn", Some(("rayon", "spawn"))),
    ("DX0110", "std::env", "var", Some(("num_cpus", "get"))),
    ("DX0111", "std::fs", "read", Some(("tokio", "fs::read"))),
    ("DX0112", "std::net::TcpStream", "connect", Some(("reqwest", "get"))),
    ("DX0113", "std::process::Command", "new", Some(("tokio", "process::Command::new"))),
    ("DX0114", "std::sync::mpsc", "channel", Some(("flume", "unbounded"))),
    ("DX0115", "std::io", "stdin", Some(("tokio", "io::stdin"))),
    ("DX0116", "std::any", "type_name", None),
    ("DX0117", "std::panic", "catch_unwind", Some(("futures", "future::poll_fn"))),
    ("DX0303", "duroxide::ActivityContext", "for_test", Some(("duroxide", "ActivityContext::for_test"))),
];

/// Rules that a call of a macro breaks: its crate, its name, its arguments.
#[rustfmt::skip]
pub(crate) const MACROS: &[(&str, &str, &str, &str)] = &[
    ("DX0109", "tokio", "select", "{ a = b => c }"),
    ("DX0109", "futures", "join", "{ a, b }"),
    ("DX0201", "log", "info", "{ \"x\" }"),
];

/// Other code: the rule, the form, what stands before the function, what stands in it if it breaks the
/// rule, and if it does not.
#[rustfmt::skip]
pub(crate) const SNIPPETS: &[(&str, Form, &str, &str, &str)] = &[
    ("DX0105", Direct, "", "for it in m {}", "for it in duroxide::sorted(m) {}"),
    ("DX0105", Alias, "type Rates = std::collections::HashSet<u8>;", "let r: Rates = x(); r.iter().next();", "let r: Rates = x(); r.len();"),
    ("DX0105", Glob, "use std::collections::*;", "let r = HashSet::new(); for it in &r {}", "let r = BTreeSet::new(); for it in &r {}"),
    ("DX0105", RenamedCrate, "use renamed_hashbrown::HashSet;", "let r: HashSet<u8> = x(); r.drain();", "let r: HashSet<u8> = x(); r.insert(1);"),
    ("DX0105", InMacro, "", "let a = vec![m.keys().next()];", "let a = vec![m.keys().count()];"),
    ("DX0105", InClosure, "", "let f = || m.values().next();", "let f = || m.values().max();"),
    ("DX0105", InAsyncBlock, "", "let f = async { for it in m {} };", "let f = async { m.get(&1) };"),
    ("DX0105", Suppressed, "", "for it in m {}", "#[duroxide::allow(DX0105, reason = \"x\")] for it in m {}"),
    ("DX0107", Direct, "static A: AtomicU8 = x(); static B: u8 = 1;", "A.load(o);", "B + 1;"),
    ("DX0107", Alias, "mod own { pub static A: AtomicU8 = x(); pub static B: u8 = 1; } use own::A as S; use own::B as T;", "S.load(o);", "T + 1;"),
    ("DX0107", Glob, "mod own { pub static A: AtomicU8 = x(); pub static B: u8 = 1; } use own::*;", "A.load(o);", "B + 1;"),
    ("DX0107", InMacro, "static A: Mutex<u8> = x(); static B: &str = \"\";", "format!(\"{:?}\", A.lock());", "format!(\"{:?}\", B.len());"),
    ("DX0107", InClosure, "thread_local! { static A: Cell<u8> = x(); } const B: u8 = 1;", "let f = || A.get();", "let f = || B;"),
    ("DX0107", InAsyncBlock, "static mut A: u8 = 1; static B: u8 = 1;", "let f = async { A };", "let f = async { B };"),
    ("DX0107", Suppressed, "static A: AtomicU8 = x();", "A.load(o);", "#[duroxide::allow(DX0107, reason = \"x\")] A.load(o);"),
    ("DX0117", Direct, "", "unsafe { f() }", "f()"),
    ("DX0117", InClosure, "", "let f = || unsafe { g() };", "let f = || g();"),
    ("DX0117", InAsyncBlock, "", "let f = async { unsafe { g() } };", "let f = async { g() };"),
    ("DX0117", Suppressed, "", "unsafe { f() }", "#[duroxide::allow(DX0117, reason = \"x\")] unsafe { f() }"),
    ("DX0116", Direct, "", "format!(\"{:p}\", a);", "format!(\"{:?}\", a);"),
    ("DX0203", Direct, "", "loop { a.await; }", "loop { a.await; if b { break; } }"),
    ("DX0203", InClosure, "", "let f = || async { loop { a.await; } };", "let f = || async { loop { a.await; return 1; } };"),
    ("DX0203", InAsyncBlock, "", "let f = async { while true { a.await; } };", "let f = async { while b { a.await; } };"),
    ("DX0203", Suppressed, "", "loop { a.await; }", "#[duroxide::allow(DX0203, reason = \"x\")] loop { a.await; }"),
    ("DX0204", Direct, "", "strange!(1);", "vouched!(1);"),
    ("DX0204", Alias, "use tools::strange as s;", "s!(1);", "vouched!(1);"),
    ("DX0204", Glob, "use tools::*;", "strange!(1);", "vouched!(1);"),
    ("DX0204", RenamedCrate, "", "renamed_tokio::strange!(1);", "renamed_tokio::vouched!(1);"),
    ("DX0204", InMacro, "", "let a = vec![strange!(1)];", "let a = vec![vouched!(1)];"),
    ("DX0204", InClosure, "", "let f = || strange!(1);", "let f = || vouched!(1);"),
    ("DX0204", InAsyncBlock, "", "let f = async { strange!(1) };", "let f = async { vouched!(1) };"),
    ("DX0204", Suppressed, "", "strange!(1);", "#[duroxide::allow(DX0204, reason = \"x\")] strange!(1);"),
    ("DX0304", Direct, CHARGE, "ctx.schedule_activity(\"chrage\", 1);", "ctx.schedule_activity(\"charge\", 1);"),
    ("DX0304", InMacro, CHARGE, "let a = vec![ctx.schedule_activity(\"chrage\", 1)];", "let a = vec![ctx.schedule_activity(\"charge\", 1)];"),
    ("DX0304", InClosure, CHARGE, "let f = || ctx.schedule_activity(\"chrage\", 1);", "let f = || ctx.schedule_activity(\"charge\", 1);"),
    ("DX0304", InAsyncBlock, CHARGE, "let f = async { ctx.schedule_activity(\"chrage\", 1) };", "let f = async { ctx.schedule_activity(\"charge\", 1) };"),
    ("DX0401", Direct, HELPERS, "help(1);", "pure(1);"),
    ("DX0401", Alias, "mod own { pub fn help() { std::process::id(); } pub fn pure() {} } use own::help as h; use own::pure as p;", "h();", "p();"),
    ("DX0401", Glob, "mod own { pub fn help() { std::process::id(); } pub fn pure() {} } use own::*;", "help();", "pure();"),
    ("DX0401", RenamedCrate, "", "renamed_neighbour::help();", "renamed_neighbour::pure();"),
    ("DX0401", InMacro, HELPERS, "let a = vec![help(1)];", "let a = vec![pure(1)];"),
    ("DX0401", InClosure, HELPERS, "let f = || help(1);", "let f = || pure(1);"),
    ("DX0401", InAsyncBlock, HELPERS, "let f = async { help(1) };", "let f = async { pure(1) };"),
    ("DX0401", Suppressed, HELPERS, "help(1);", "#[duroxide::allow(DX0110, reason = \"x\")] help(1);"),
    ("DX0402", Direct, METHODS, "let f = pick(); f(1);", "let f = |n| n; f(1);"),
    ("DX0402", InMacro, METHODS, "let a = vec![(a.f)(1)];", "let a = vec![pure(1)];"),
    ("DX0402", InClosure, METHODS, "let f = || make().own();", "let f = || make().pow(1);"),
    ("DX0402", InAsyncBlock, METHODS, "let f = async { all[0](1) };", "let f = async { pure(1) };"),
    ("DX0402", Suppressed, METHODS, "(a.f)(1);", "#[duroxide::allow(DX0402, reason = \"x\")] (a.f)(1);"),
];

const CHARGE: &str = "#[activity] fn charge() {}";
const HELPERS: &str = "fn help(n: u8) { std::env::var(n); } fn pure(n: u8) -> usize { n.len() }";
const METHODS: &str = "struct A; impl A { fn own(&self) {} } fn pure(n: u8) {}";
