use serde::{Deserialize, Serialize};

use duroxide::{ActivityContext, activity};

#[derive(Serialize, Deserialize)]
struct Level(u8);

#[activity]
async fn one(_ctx: &ActivityContext, #[serde(default)] a: Level) -> Result<u8, String> {
    Ok(a.0)
}

#[activity]
async fn two(_ctx: &ActivityContext, a: u8, #[serde(default)] b: Level) -> Result<u8, String> {
    Ok(a + b.0)
}

fn main() {}
