use duroxide::{ActivityContext, activity};

#[activity]
#[duroxide::orchestration]
async fn greet(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
