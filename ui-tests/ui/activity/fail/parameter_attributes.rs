use duroxide::{ActivityContext, activity};

#[activity]
async fn add(
    _ctx: &ActivityContext,
    #[serde(rename = "x")] a: u8,
    #[cfg(test)] b: u8,
) -> Result<u8, String> {
    Ok(a)
}

fn main() {}
