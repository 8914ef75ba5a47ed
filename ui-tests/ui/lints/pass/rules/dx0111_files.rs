use std::fs::File as Stored;
use std::path::PathBuf;

use duroxide::prelude::*;

macro_rules! prices {
    () => {
        std::fs::read("prices")
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let text = std::fs::read_to_string("prices"); //= DX0111 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let file = Stored::open("prices"); //= DX0111 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::fs::*;
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let text = read("prices"); //= DX0111 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let all = vec![Stored::open("prices")]; //= DX0111 macro
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let text = format!("{:?}", std::fs::read("prices")); //= DX0111 macro
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let own = prices!(); //= DX0111 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let open = |name: &str| Stored::open(name); //= DX0111 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    let later = async { std::fs::read("prices") }; //= DX0111 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0111, reason = "the file is part of the program")]
    {
        let inside = Stored::open("prices"); //= DX0111 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0111, reason = "the file is part of the program"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = Stored::open("prices");
    Ok(())
}

#[activity(name = "dx0111::load")]
async fn load(_ctx: &ActivityContext, path: PathBuf) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

#[orchestration(name = "dx0111::instead")]
async fn instead(ctx: &OrchestrationContext, path: PathBuf) -> Result<String, String> {
    let name = path.join("prices").display().to_string();
    Ok(name + &load(ctx, path).await?)
}
