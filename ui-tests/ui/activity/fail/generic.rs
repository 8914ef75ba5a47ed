use duroxide::{ActivityContext, activity};

#[activity]
async fn show<T: ToString>(_ctx: &ActivityContext, value: T) -> Result<String, String> {
    Ok(value.to_string())
}

fn main() {}
