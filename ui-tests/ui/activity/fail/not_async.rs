use duroxide::{ActivityContext, activity};

#[activity]
fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {}
