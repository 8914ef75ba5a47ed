use duroxide::{ActivityContext, activity};

#[activity]
async fn show(_ctx: &ActivityContext, value: impl ToString) -> Result<String, String> {
    Ok(value.to_string())
}

fn main() {}
