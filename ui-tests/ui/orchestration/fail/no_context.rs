use duroxide::orchestration;

#[orchestration]
async fn hello(name: String) -> Result<String, String> {
    Ok(name)
}

fn main() {}
