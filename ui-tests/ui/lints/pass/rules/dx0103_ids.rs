use uuid::Uuid as Id;

use duroxide::prelude::*;

macro_rules! fresh {
    () => {
        uuid::Uuid::new_v4()
    };
}

#[deterministic]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let id = uuid::Uuid::new_v4(); //= DX0103 direct
    Ok(())
}

#[deterministic]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let id = Id::new_v4(); //= DX0103 alias
    Ok(())
}

#[deterministic]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use uuid::*;
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let id = Uuid::new_v4(); //= DX0103 glob
    Ok(())
}

#[deterministic]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let all = vec![Id::new_v4()]; //= DX0103 macro
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let text = format!("{}", uuid::Uuid::new_v4()); //= DX0103 macro
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let own = fresh!(); //= DX0103 macro
    Ok(())
}

#[deterministic]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let make = || Id::new_v4(); //= DX0103 closure
    Ok(())
}

#[deterministic]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    let later = async move { Id::new_v4() }; //= DX0103 async
    Ok(())
}

#[deterministic]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0103, reason = "the id is not used")]
    {
        let inside = Id::new_v4(); //= DX0103 suppressed
    }
    Ok(())
}

#[deterministic(allow(DX0103, reason = "the id is not used"))]
async fn suppressed_as_a_whole(ctx: &OrchestrationContext) -> Result<(), String> {
    let anywhere = Id::new_v4();
    Ok(())
}

#[orchestration(name = "dx0103::instead")]
async fn instead(ctx: &OrchestrationContext) -> Result<String, String> {
    let same = Id::from_u128(7);
    Ok(format!("{same} {}", ctx.new_guid().await?))
}
