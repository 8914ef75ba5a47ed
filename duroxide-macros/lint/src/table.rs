//! The rules. Messages, documentation and tests read this table and nothing else.

use crate::rules::{Level, Off, Rule};

macro_rules! rules {
    ($($id:ident $level:ident $off:ident $title:literal, $verdict:literal, $cause:literal, $help:literal;)*) => {
        /// All rules, by id.
        pub const RULES: &[Rule] = &[$(Rule {
            id: stringify!($id),
            level: Level::$level,
            off: Off::$off,
            title: $title,
            verdict: $verdict,
            cause: $cause,
            help: $help,
        }),*];
    };
}

rules! {
    DX0001 Error Assumed "foreign futures",
        "is awaited in an orchestration, but it is not a durable future",
        "its progress is not in the history",
        "await what comes from the context: activities, timers, events, child orchestrations, `join_all`, `select!`";
    DX0002 Error Never "not an `async fn`",
        "cannot be driven from a history",
        "the runtime calls a plain `async fn`",
        "write `async fn`, without `const`, `unsafe`, `extern` and variadic parameters";
    DX0003 Error Never "parameters that cannot be stored",
        "cannot be stored with the instance",
        "what starts an instance is kept in the store",
        "take the context first, then owned parameters with plain names";
    DX0004 Error Never "types that a history cannot hold",
        "cannot be written to the history and read again",
        "a history holds what is serialized",
        "derive `Serialize` and `Deserialize`, and `Display` for an error";
    DX0005 Error Never "results other than `Result`",
        "leaves no room for a failure",
        "a failure is recorded as an `Err`",
        "write `-> Result<T, E>`";
    DX0006 Error Never "one name and version twice",
        "has the name and the version of another function",
        "the store knows a function by its name and version",
        "give one of them another name, or another version: `version = \"..\"`";
    DX0007 Error Never "suppressions that do not hold",
        "is no valid suppression",
        "an excuse nobody needs hides the next finding",
        "delete it, or write `#[duroxide::allow(DX0101, reason = \"..\")]`";
    DX0101 Error Allowed "the clock",
        "reads this worker's clock: a replay reads another time and may take another path",
        "the clock shows another time on replay",
        "use the recorded time: `{ctx}.now()`";
    DX0102 Error Allowed "random numbers",
        "draws a random number: a replay draws another one and may take another path",
        "a replay draws another number",
        "draw from the instance's own seed: `{ctx}.random::<u64>()`";
    DX0103 Error Allowed "random ids",
        "makes an id that no replay makes again",
        "a replay makes another id",
        "use an id that is the same on every replay: `{ctx}.new_guid()`";
    DX0104 Error Allowed "sleeping",
        "sleeps outside of the history: it holds the turn, or wakes it unrecorded",
        "a sleep is not in the history",
        "wait durably: `{ctx}.schedule_timer(duration).await`, or `{ctx}.timeout(duration, future).await`";
    DX0105 Error Allowed "unordered iteration",
        "is walked through in an orchestration: its order differs from process to process",
        "the order of a hash map differs from process to process",
        "use a `BTreeMap` or `BTreeSet`, or walk through `duroxide::sorted(map)`";
    DX0106 Error Allowed "unordered parameters",
        "is written to the history in an order that differs from process to process",
        "the order of a hash map differs from process to process",
        "take a `BTreeMap` or `BTreeSet`";
    DX0107 Error Allowed "shared state",
        "is shared by all instances of this process: a replay finds another value there",
        "shared state is not in the history",
        "pass the value in as a parameter, or ask an activity for it";
    DX0108 Error Allowed "spawning",
        "starts or blocks on work outside of the history",
        "spawned work is not in the history",
        "call an activity, wait for several with `join_all`, or start a child orchestration";
    DX0109 Error Allowed "foreign `select!` and `join!`",
        "polls its branches unseen, some in random order",
        "foreign `select!` and `join!` choose by chance",
        "use `duroxide::select!` and `duroxide::join!`, which decide by history";
    DX0110 Error Allowed "the environment",
        "reads the environment, which differs from worker to worker",
        "the environment differs from worker to worker",
        "pass the value in as a parameter, or ask an activity for it";
    DX0111 Error Allowed "files",
        "touches the file system: a replay does it again, and finds something else",
        "the file system is not in the history",
        "move it into an `#[activity]`";
    DX0112 Error Allowed "the network",
        "talks over the network: a replay does it again, and hears something else",
        "the network is not in the history",
        "move it into an `#[activity]`";
    DX0113 Error Allowed "processes",
        "starts or ends a process: a replay does it again",
        "processes are not in the history",
        "move it into an `#[activity]`; to end the orchestration, `return Err(..)`";
    DX0114 Error Allowed "channels and locks between tasks",
        "is woken from outside, in an order that no history knows",
        "what comes through a channel is not in the history",
        "wait for an event: `{ctx}.wait_for::<Event>()`; inside of one orchestration use plain variables";
    DX0115 Error Allowed "standard streams",
        "uses a standard stream of this worker's process: a replay does it again",
        "standard streams are not in the history",
        "move it into an `#[activity]`; to log, `trace_info!({ctx}, ..)`";
    DX0116 Warning Allowed "addresses and identities",
        "differs from process to process, or from build to build",
        "addresses and identities differ from process to process",
        "use a value that comes from the input";
    DX0117 Warning Allowed "code that escapes the checks",
        "escapes every check of this function",
        "nothing is known about such code",
        "move it into an `#[activity]`";
    DX0201 Warning Allowed "printing and logging",
        "is repeated on every replay",
        "a replay prints again",
        "log once: `trace_info!({ctx}, ..)`";
    DX0202 Warning Allowed "dropped durable calls",
        "is dropped before it was awaited: it is never asked for, or cancelled",
        "a dropped call is never asked for",
        "`.await` it, start it with `.schedule()`, or let it go with `.detach()`";
    DX0203 Warning Allowed "endless loops",
        "never ends: its history grows until the store refuses it",
        "a history has a bound",
        "start over with a fresh history: `return {ctx}.continue_as_new(input).await`, or leave the loop";
    DX0204 Pedantic Allowed "unknown macros",
        "is a macro that nobody vouches for: it may hide anything",
        "a macro may hide anything",
        "list it in `Cargo.toml` under `[package.metadata.duroxide.lints]`: `macros = [\"name\"]`";
    DX0301 Error Never "durable calls inside of an activity",
        "is asked for inside of an activity, which is not replayed",
        "nothing replays an activity",
        "move the call to the orchestration, and pass its result in as a parameter";
    DX0302 Reserved Never "assignments in recorded closures",
        "assigns to a variable in code that a replay skips",
        "a replay skips the assignment",
        "return the value";
    DX0303 Error Never "activities run in place",
        "runs an activity's body in the orchestration: unrecorded, and again on each replay",
        "what runs in place is not in the history",
        "call it durably: `name({ctx}, ..).await`";
    DX0304 Error Never "wrong types of durable calls",
        "does not fit what is called",
        "decoding would fail later",
        "call the function itself: its parameters are typed";
    DX0401 Error Allowed "helpers that reach any of these",
        "reaches something that differs on replay",
        "as for the rule that it reaches",
        "move the call into an `#[activity]`, or pass its value in as a parameter";
    DX0402 Pedantic Allowed "calls that cannot be followed",
        "is a call that cannot be followed",
        "nobody knows what it does",
        "write `#[deterministic]` on the function that is called";
    DX0501 Warning Allowed "changed code under an old version",
        "asks for other durable calls than before, under the same version",
        "running instances replay the old calls",
        "give it a new `version`, and keep the old function while its instances run";
}
