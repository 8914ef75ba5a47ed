//! What stands in the store, asked of the registered handlers.

#![deny(warnings)]
#![forbid(unsafe_code)]

use duroxide::registry::{Handler, Registered};
use duroxide::{ActivityContext, ErrorDetails, activity};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};

#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
#[error("code {0}")]
struct Code(u8);

#[activity]
async fn none(_ctx: &ActivityContext) -> Result<(), Code> {
    Err(Code(7))
}

#[activity]
async fn one(_ctx: &ActivityContext, a: Vec<u8>) -> Result<usize, String> {
    Ok(a.len())
}

#[activity]
async fn one_defaulted(
    _ctx: &ActivityContext,
    #[serde(default)] mut a: String,
) -> Result<String, String> {
    a.push('!');
    Ok(a)
}

#[activity]
async fn two(
    _ctx: &ActivityContext,
    a: u8,
    r#type: Option<u8>,
) -> Result<(u8, Option<u8>), String> {
    Ok((a, r#type))
}

#[activity]
async fn two_defaulted(
    _ctx: &ActivityContext,
    a: u8,
    #[serde(default)] b: u8,
) -> Result<(u8, u8), String> {
    Ok((a, b))
}

fn run<A: Registered>(input: &str) -> Result<String, ErrorDetails> {
    let Handler::Activity(make) = A::registration().handler else {
        return Ok("no activity".to_owned());
    };
    block_on(make().run(ActivityContext::for_test(), input.to_owned()))
}

fn output<A: Registered>(input: &str) -> String {
    run::<A>(input).unwrap_or_else(|details| details.display_message())
}

pub(crate) fn main() {
    assert_eq!(output::<none>("null"), "code 7");
    assert_eq!(output::<none>("{\"a\":1}"), "code 7");

    assert_eq!(output::<one>("[1,2]"), "2");
    assert!(output::<one>("{\"a\":[1,2]}").contains("cannot decode"));

    assert_eq!(output::<one_defaulted>("\"x\""), "\"x!\"");
    assert_eq!(output::<one_defaulted>("null"), "\"!\"");
    assert!(output::<one_defaulted>("7").contains("cannot decode"));

    assert_eq!(output::<two>("{\"a\":1,\"type\":2}"), "[1,2]");
    assert_eq!(output::<two>("{\"type\":null,\"a\":1}"), "[1,null]");
    assert_eq!(output::<two>("{\"a\":1}"), "[1,null]");
    assert!(output::<two>("{\"type\":2}").contains("cannot decode"));

    assert_eq!(output::<two_defaulted>("{\"a\":1,\"b\":2}"), "[1,2]");
    assert_eq!(output::<two_defaulted>("{\"a\":1}"), "[1,0]");
    assert_eq!(output::<two_defaulted>("1"), "[1,0]");
}
