use std::rc::Rc;

use duroxide::{ActivityContext, activity};

async fn elsewhere() {}

#[activity]
async fn count(_ctx: &ActivityContext) -> Result<usize, String> {
    let shared = Rc::new(());
    elsewhere().await;
    Ok(Rc::strong_count(&shared))
}

fn main() {}
