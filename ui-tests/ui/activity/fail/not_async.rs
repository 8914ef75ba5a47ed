use duroxide::{ActivityContext, activity};

#[activity]
fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> { //~ DX0002 direct
    Ok(name)
}

fn main() {}
