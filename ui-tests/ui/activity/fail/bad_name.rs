use duroxide::{ActivityContext, activity};

#[activity(name = "say hello")]
async fn spaced(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(name = "__greet")]
async fn reserved(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(name = "")]
async fn empty(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity]
async fn grüße(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
