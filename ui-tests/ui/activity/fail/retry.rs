use duroxide::{ActivityContext, activity};

#[activity(retry)]
async fn bare(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry = 5)]
async fn number(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(max_attempts = 0, initial = 200, multiplier = 0.5, max_delay = "10"))]
async fn wrong_values(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(attempts = 5, initial = "1s", initial = "2s"))]
async fn wrong_keys(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(initial))]
async fn no_value(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(initial = "1m", max_delay = "10s"))]
async fn shorter_than_the_first(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(jitter = 1.5, fixed = 3))]
async fn wrong_values_too(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(fixed = "1s", initial = "1s", max_delay = "10s"))]
async fn two_kinds(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(retry(linear = "1s", multiplier = 2.0))]
async fn two_other_kinds(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
