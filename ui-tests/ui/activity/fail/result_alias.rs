use std::io;

use duroxide::{ActivityContext, activity};

#[activity]
async fn read(_ctx: &ActivityContext) -> io::Result<Vec<u8>> {
    Ok(Vec::new())
}

#[activity]
async fn show(_ctx: &ActivityContext) -> std::fmt::Result {
    Ok(())
}

fn main() {}
