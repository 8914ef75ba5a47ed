use std::time::{Instant, SystemTime as T};

use duroxide::prelude::*;

type Moment = std::time::SystemTime;

macro_rules! started {
    () => {
        std::time::Instant::now()
    };
}

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<(), String> {
    let started = std::time::SystemTime::now(); //~ DX0101 direct
    Ok(())
}

#[orchestration]
async fn alias(ctx: &OrchestrationContext) -> Result<(), String> {
    let started = T::now(); //~ DX0101 alias
    let later = Moment::now(); //~ DX0101 alias
    Ok(())
}

#[orchestration]
async fn glob(ctx: &OrchestrationContext) -> Result<(), String> {
    use std::time::*;
    let started = SystemTime::now(); //~ DX0101 glob
    Ok(())
}

#[orchestration]
async fn in_macros(ctx: &OrchestrationContext) -> Result<(), String> {
    let texts = vec![format!("{:?}", Instant::now())]; //~ DX0101 macro
    let own = started!(); //~ DX0101 macro
    Ok(())
}

#[orchestration]
async fn in_a_closure(ctx: &OrchestrationContext) -> Result<(), String> {
    let late = || Instant::now(); //~ DX0101 closure
    Ok(())
}

#[orchestration]
async fn in_an_async_block(ctx: &OrchestrationContext) -> Result<(), String> {
    let later = async { std::time::Instant::now() }; //~ DX0101 async
    Ok(())
}

#[orchestration]
async fn suppressed(ctx: &OrchestrationContext) -> Result<(), String> {
    #[duroxide::allow(DX0101, reason = "only measured")]
    let covered = Instant::now();
    let uncovered = Instant::now(); //~ DX0101 suppressed
    Ok(())
}

struct Job {
    began: Instant,
}

// What only types tell: a function as a value, and a field.
#[orchestration]
async fn by_type(context: &OrchestrationContext) -> Result<bool, String> {
    let job = Job { began: made_elsewhere() };
    context.schedule_timer(Duration::ZERO).await;
    let function = Moment::now;
    let values = [()].map(|()| T::now());
    Ok(job.began.elapsed() > Duration::ZERO && function() > values[0])
}

fn made_elsewhere() -> Instant {
    panic!("never called")
}

fn main() {}
