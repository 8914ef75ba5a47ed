use std::any::type_name as shown;

use duroxide::prelude::*;

macro_rules! named {
    () => {
        std::any::type_name::<u8>()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let name = std::any::type_name::<u8>(); //= DX0116 direct
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let place = format!("{:p}", &ctx); //= DX0116 direct
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let address = &raw const *ctx as *const u8; //= DX0116 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let name = shown::<u8>(); //= DX0116 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::any::*;
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let name = type_name::<u8>(); //= DX0116 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let all = vec![std::thread::current()]; //= DX0116 macro
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let text = format!("{}", std::any::type_name::<u8>()); //= DX0116 macro
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let own = named!(); //= DX0116 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let name = || shown::<u8>(); //= DX0116 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    let later = async { shown::<u8>() }; //= DX0116 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0116, reason = "only shown to people")]
    {
        let inside = shown::<u8>(); //= DX0116 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0116, reason = "only shown to people"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = shown::<u8>();
    Ok(())
}

#[orchestration(name = "dx0116::instead")]
async fn instead(_ctx: &OrchestrationContext, order: u64) -> Result<String, String> {
    Ok(format!(
        "{order:?} {:?}",
        std::any::TypeId::of::<u8>() == std::any::TypeId::of::<u64>()
    ))
}
