use duroxide::activity;

#[activity]
async fn greet(name: String, times: u8) -> Result<String, String> { //~ DX0003 direct
    Ok(name.repeat(usize::from(times)))
}

#[activity]
async fn nothing() -> Result<(), String> {
    Ok(())
}

fn main() {}
