use std::borrow::Cow;

use duroxide::{ActivityContext, activity};

#[activity]
async fn text(_ctx: &ActivityContext, name: &str) -> Result<String, String> {
    Ok(name.to_owned())
}

#[activity]
async fn slice(_ctx: &ActivityContext, bytes: &[u8]) -> Result<usize, String> {
    Ok(bytes.len())
}

#[activity]
async fn inside(_ctx: &ActivityContext, name: Option<Cow<'_, str>>) -> Result<bool, String> {
    Ok(name.is_some())
}

fn main() {}
