use duroxide::{ActivityContext, activity};

#[activity(nmae = "greet")]
async fn misspelt(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(version = "1.2.0")]
async fn versioned(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity("greet")]
async fn keyless(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(name)]
async fn valueless(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(name = greet)]
async fn wordy(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(name = "a", name = "b")]
async fn twice(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
