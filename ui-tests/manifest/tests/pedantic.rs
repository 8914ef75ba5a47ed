//! The rule that a project has to ask for (DX0204), as this one does. A warning that is expected and does not
//! come is a warning itself, and an error here: so the compiler answers for each marked line.

#![deny(warnings)]
#![allow(
    dead_code,
    unused_variables,
    clippy::allow_attributes,
    clippy::useless_vec,
    reason = "it only has to compile"
)]

/// Where it is found.
mod found {
    use duroxide::prelude::*;
    use serde_json::json as made;

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
        let it = serde_json::json!(1); //~ DX0204 direct
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
        let it = made!(1); //~ DX0204 alias
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
        use serde_json::*;

        let it = json!(1); //~ DX0204 glob
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn renamed(ctx: &OrchestrationContext) -> Result<(), String> {
        let it = spans::enabled!(spans::Level::INFO); //~ DX0204 renamed
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
        let all = vec![made!(1)]; //~ DX0204 macro
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn in_macros_too(ctx: &OrchestrationContext) -> Result<(), String> {
        let text = format!("{}", serde_json::json!(1)); //~ DX0204 macro
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
        let make = |n: u64| made!(n); //~ DX0204 closure
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
        let later = async { made!(1) }; //~ DX0204 async
        Ok(())
    }

    #[orchestration]
    #[expect(deprecated, reason = "the macro is unknown")]
    async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let covered = made!(1);
        let uncovered = made!(1); //~ DX0204 suppressed
        Ok(())
    }
}

/// Where somebody vouches for it.
mod allowed {
    use duroxide::prelude::*;
    use serde_json::json as made;

    #[orchestration(name = "allowed::direct")]
    async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let it = serde_json::json!(1); //= DX0204 direct
        Ok(())
    }

    #[orchestration(name = "allowed::alias")]
    async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let it = made!(1); //= DX0204 alias
        Ok(())
    }

    #[orchestration(name = "allowed::glob")]
    async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
        use serde_json::*;

        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let it = json!(1); //= DX0204 glob
        Ok(())
    }

    #[orchestration(name = "allowed::renamed")]
    async fn renamed(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let it = spans::enabled!(spans::Level::INFO); //= DX0204 renamed
        Ok(())
    }

    #[orchestration(name = "allowed::in_macros")]
    async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let all = vec![made!(1)]; //= DX0204 macro
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let text = format!("{}", serde_json::json!(1)); //= DX0204 macro
        Ok(())
    }

    #[orchestration(name = "allowed::in_a_closure")]
    async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let make = |n: u64| made!(n); //= DX0204 closure
        Ok(())
    }

    #[orchestration(name = "allowed::in_an_async_block")]
    async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        let later = async { made!(1) }; //= DX0204 async
        Ok(())
    }

    #[orchestration(name = "allowed::suppressed")]
    async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
        #[duroxide::allow(DX0204, reason = "it makes a value of its arguments")]
        {
            let inside = made!(1); //= DX0204 suppressed
        }
        Ok(())
    }

    #[orchestration]
    async fn vouched_for(ctx: &OrchestrationContext) -> Result<(), String> {
        let it = std::future::ready(1);
        streams::pin_mut!(it);
        Ok(())
    }
}
