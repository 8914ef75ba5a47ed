use duroxide::{ActivityContext, activity};

#[activity]
async unsafe extern "C" fn greet(_ctx: &ActivityContext, name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {}
