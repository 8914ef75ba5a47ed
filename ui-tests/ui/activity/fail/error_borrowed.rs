use duroxide::{ActivityContext, activity};

#[activity]
async fn charge(_ctx: &ActivityContext, _cents: u64) -> Result<(), &'static str> {
    Err("declined")
}

fn main() {}
