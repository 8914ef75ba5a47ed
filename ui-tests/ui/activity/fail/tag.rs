use duroxide::{ActivityContext, activity};

#[activity(tag = "")]
async fn nameless(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(tag = gpu)]
async fn no_text(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
