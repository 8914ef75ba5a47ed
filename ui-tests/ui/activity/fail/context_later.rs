use duroxide::{ActivityContext, activity};

#[activity]
async fn greet(name: String, ctx: &ActivityContext) -> Result<String, String> {
    Ok(format!("{name} {}", ctx.attempt()))
}

fn main() {}
