use std::panic::catch_unwind as caught;

use duroxide::prelude::*;

unsafe fn danger() -> u8 {
    1
}

macro_rules! trapped {
    () => {
        std::panic::catch_unwind(|| 1)
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let result = std::panic::catch_unwind(|| 1); //= DX0117 direct
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let number = unsafe { danger() }; //= DX0117 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let result = caught(|| 1); //= DX0117 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::panic::*;
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let result = catch_unwind(|| 1); //= DX0117 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let all = vec![caught(|| 1).is_ok()]; //= DX0117 macro
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let text = format!("{}", unsafe { danger() }); //= DX0117 macro
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let own = trapped!(); //= DX0117 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let number = || unsafe { danger() }; //= DX0117 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    let later = async { caught(|| 1).is_ok() }; //= DX0117 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0117, reason = "it is only arithmetic")]
    {
        let inside = caught(|| 1); //= DX0117 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0117, reason = "it is only arithmetic"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = caught(|| 1);
    Ok(())
}

#[activity(name = "dx0117::dangerous")]
async fn dangerous(_ctx: &ActivityContext) -> Result<u8, String> {
    caught(|| unsafe { danger() }).map_err(|_| "it panicked".to_owned())
}

#[orchestration(name = "dx0117::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<u8, String> {
    Ok(dangerous(ctx).await?)
}
