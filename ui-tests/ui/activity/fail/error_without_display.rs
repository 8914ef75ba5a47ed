use serde::{Deserialize, Serialize};

use duroxide::{ActivityContext, activity};

#[derive(Serialize, Deserialize)]
struct Declined;

#[activity]
async fn charge(_ctx: &ActivityContext, _cents: u64) -> Result<(), Declined> {
    Err(Declined)
}

fn main() {}
