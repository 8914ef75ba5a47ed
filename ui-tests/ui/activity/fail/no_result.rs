use duroxide::{ActivityContext, activity};

#[activity]
async fn nothing(_ctx: &ActivityContext) {}

#[activity]
async fn bare(_ctx: &ActivityContext) -> Vec<u8> { //~ DX0005 direct
    Vec::new()
}

fn main() {}
