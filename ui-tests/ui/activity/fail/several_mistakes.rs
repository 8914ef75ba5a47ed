use duroxide::{ActivityContext, activity};

#[activity]
fn greet(name: &str, times: impl Into<u8>) -> String {
    let _: u8 = "another error is still shown";
    name.to_owned()
}

async fn caller(ctx: &ActivityContext) {
    let _: u8 = greet(ctx, 1).await;
}

fn main() {}
