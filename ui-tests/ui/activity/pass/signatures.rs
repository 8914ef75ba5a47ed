//! Every form of an activity.

#![deny(warnings)]
#![forbid(unsafe_code)]

use duroxide::registry::Registered;
use duroxide::{ActivityContext, activity};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Private(u8);

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("private")]
struct PrivateError;

#[activity]
async fn none(_: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity()]
async fn one(_ctx: ActivityContext, a: Private) -> Result<Private, PrivateError> {
    Ok(a)
}

#[activity(name = "billing::two@v2")]
async fn two(
    ctx: &ActivityContext,
    mut a: Vec<u8>,
    r#type: Option<Private>,
) -> Result<Vec<u8>, PrivateError> {
    a.push(u8::try_from(ctx.attempt()).unwrap_or_default());
    a.extend(r#type.map(|private| private.0));
    Ok(a)
}

#[activity]
#[expect(
    clippy::too_many_arguments,
    reason = "so that all our own names are met"
)]
async fn seven(
    ctx: &'_ ::duroxide::ActivityContext,
    context: u8,
    args: u8,
    text: u8,
    reader: u8,
    writer: u8,
    seven: u8,
    client: u8,
) -> Result<u8, String> {
    let _ = ctx;
    Ok(context + args + text + reader + writer + seven + client)
}

#[activity]
async fn r#match(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

/// Gone without a trace.
#[activity]
#[cfg(any())]
async fn gone(_ctx: &ActivityContext, a: NoSuchType) -> Result<NoSuchType, String> {
    no_such_function()
}

/// Documented.
#[activity]
#[cfg(not(any()))]
#[must_use = "reasons"]
#[expect(unused_variables, reason = "it reaches the body")]
#[inline]
pub async fn documented(_ctx: &ActivityContext) -> Result<(), String> {
    let unused = ();
    Ok(())
}

macro_rules! doubles {
    ($($name:ident: $ty:ty),*) => {$(
        #[activity]
        async fn $name(_ctx: &ActivityContext, value: $ty, times: $ty) -> Result<$ty, String> {
            Ok(value * times)
        }
    )*};
}

macro_rules! own_names {
    () => {
        #[activity]
        async fn own_names(ctx: &ActivityContext, x: u8, mut y: u8) -> Result<u8, String> {
            y += x;
            Ok(y + u8::from(ctx.is_cancelled()))
        }
    };
}
own_names!();

doubles!(double_u8: u8, double_u16: u16);

/// All paths written out, and all names of the prelude taken.
mod shadowed {
    struct Box;
    struct Into;
    struct Option;
    struct Result;
    struct String;
    struct Ok;

    pub(super) fn use_them() {
        let _ = (Box, Into, Ok, Option, Result, String);
    }

    #[duroxide::activity]
    async fn shadowed(
        _ctx: &'_ ::duroxide::ActivityContext,
        a: u8,
        b: u8,
    ) -> std::result::Result<u8, u8> {
        std::result::Result::Ok(a + b)
    }

    #[duroxide::orchestration]
    async fn shadowed_too(
        _ctx: ::duroxide::OrchestrationContext,
        a: u8,
    ) -> std::result::Result<u8, u8> {
        std::result::Result::Ok(a)
    }
}

pub(crate) fn main() {
    shadowed::use_them();

    #[activity]
    async fn inside_a_function(_ctx: &ActivityContext, a: u8) -> Result<u8, String> {
        Ok(a)
    }
    assert_eq!(inside_a_function::registration().name, "inside_a_function");

    assert_eq!(none::registration().name, "none");
    assert_eq!(two::registration().name, "billing::two@v2");
    assert_eq!(r#match::registration().name, "match");
    assert_eq!(documented::registration().version, "1.0.0");

    let seven = seven::registration();
    assert_eq!(seven.module, module_path!());
    assert!(seven.file.ends_with("signatures.rs"));
    assert_eq!(seven.line, 38);

    let all = duroxide::registry::linked();
    let here = all.iter().filter(|entry| entry.module == module_path!());
    let names: Vec<_> = here.map(|entry| entry.name).collect();
    let expected = [
        "billing::two@v2",
        "documented",
        "double_u16",
        "double_u8",
        "inside_a_function",
        "match",
        "none",
        "one",
        "own_names",
        "seven",
    ];
    assert_eq!(names, expected);
}
