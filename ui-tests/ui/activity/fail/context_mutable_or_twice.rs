use duroxide::{ActivityContext, activity};

#[activity]
async fn greet(_ctx: &mut ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity]
async fn greet_again(_ctx: &ActivityContext, _other: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
