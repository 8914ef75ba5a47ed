use duroxide::{ActivityContext, activity};

#[activity(timeout = "30")]
async fn without_unit(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(timeout = "5min", total_timeout = "half an hour")]
async fn with_another_unit(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(timeout = "0s")]
async fn without_time(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(timeout = 30)]
async fn number(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
