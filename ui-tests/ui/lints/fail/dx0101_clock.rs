use std::time::{Duration, Instant, SystemTime as T};

use duroxide::prelude::{OrchestrationContext, orchestration};

struct Job {
    began: Instant,
}

type Moment = std::time::SystemTime;

#[orchestration]
async fn direct(ctx: &OrchestrationContext) -> Result<bool, String> {
    let started = std::time::SystemTime::now();
    let late = || Instant::now();
    let inner = async { std::time::Instant::now() }.await;
    let texts = vec![format!("{:?}", Instant::now())];
    let twice: Vec<_> = (0..2).map(|_| ()).map(|()| 1).collect();
    let values = [()].map(|()| T::now());
    ctx.schedule_timer(Duration::ZERO).await;
    Ok(inner > late() && started == values[0] && texts.len() == twice.len())
}

#[orchestration]
async fn by_type(context: &OrchestrationContext) -> Result<bool, String> {
    let job = Job { began: made_elsewhere() };
    context.schedule_timer(Duration::ZERO).await;
    let function = Moment::now;
    Ok(job.began.elapsed() > Duration::ZERO && function() > T::UNIX_EPOCH)
}

fn made_elsewhere() -> Instant {
    panic!("never called")
}

fn main() {}
