use duroxide::{ActivityContext, activity};

#[activity]
async fn add(_ctx: &ActivityContext, (a, b): (u8, u8), _: u8) -> Result<u8, String> {
    Ok(a + b)
}

fn main() {}
