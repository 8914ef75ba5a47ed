//! The one orchestration, in two versions, and the activities: they do what a program says.

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::Env as _;
use duroxide::{
    ActivityContext, ActivityRegistry, BackoffStrategy, Either2, OrchestrationContext,
    OrchestrationRegistry, RetryPolicy, join_all, select_all, select2,
};
use futures::future::{BoxFuture, FutureExt as _};
use serde::{Deserialize, Serialize};

use super::cancelled::CLEAN_UP;
use super::env::SimEnv;
use super::program::{CLEANED, Does, Input, Op, SHARED};
use super::shared::Shared;

/// The name of the orchestration.
pub(crate) const NAME: &str = "program";
/// The tag of activities that not all nodes take.
pub(crate) const TAG: &str = "special";

/// What programs there are on a node: the old version, or both. `agreed`: all clocks agree, so that
/// programs may compare times.
pub(crate) fn orchestrations(is_new: bool, agreed: bool) -> OrchestrationRegistry {
    let old = move |ctx, input| execution(ctx, input, "1.0.0", agreed);
    let builder = OrchestrationRegistry::builder().register_versioned(NAME, "1.0.0", old);
    if !is_new {
        return builder.build();
    }
    let new = move |ctx, input| execution(ctx, input, "2.0.0", agreed);
    builder.register_versioned(NAME, "2.0.0", new).build()
}

async fn execution(
    ctx: OrchestrationContext,
    input: String,
    version: &'static str,
    agreed: bool,
) -> Result<String, String> {
    let input: Input = serde_json::from_str(&input).map_err(|error| error.to_string())?;
    if ctx.version() != version {
        return Err(format!("{} runs as {version}", ctx.version()));
    }
    let clean_up = input.program.clean_up.clone();
    let Some(clean_up) = clean_up else {
        return phase(ctx, input, version, agreed).await;
    };
    ctx.cooperative_cancellation(Duration::from_millis(clean_up.deadline));
    let work = phase(ctx.clone(), input, version, agreed).boxed();
    let came = if clean_up.drops {
        match select2(work, ctx.cancelled()).await {
            Either2::First(came) => came,
            Either2::Second(_) => Err("dropped".to_owned()),
        }
    } else {
        work.await
    };
    if !ctx.is_cancelled() {
        return came;
    }
    let shielded = ctx.shielded(|ctx| async move { ctx.schedule_activity("echo", CLEAN_UP).await });
    shielded.await?;
    let recovers = clean_up.recovers;
    recovers
        .then(|| CLEANED.to_owned())
        .ok_or(CLEANED.to_owned())
}

async fn phase(
    ctx: OrchestrationContext,
    input: Input,
    version: &'static str,
    agreed: bool,
) -> Result<String, String> {
    let Input {
        program,
        phase,
        mut said,
    } = input;
    if version == "2.0.0" {
        // Code that the old version does not have: neither may replay what the other did.
        ctx.schedule_activity("echo", "new").await?;
    }
    let handed_down = phase.checked_sub(1).map(|before| format!("phase {before}"));
    let (shown, kept) = (ctx.get_custom_status(), ctx.get_kv_value("phase"));
    if shown != handed_down || kept != handed_down {
        return Err(format!("handed down {handed_down:?}: {shown:?}, {kept:?}"));
    }
    let mut read = Vec::new();
    for _ in 0..program.phases[phase].reads {
        read.push(ctx.dequeue_event(SHARED).await);
    }
    let came = run(ctx.clone(), program.phases[phase].op.clone(), agreed).await?;
    said.push(format!("{},{came}", read.join(".")));
    if phase + 1 == program.phases.len() {
        return Ok(said.join(";"));
    }
    if ctx.is_cancelled() {
        // Whoever goes on now does not clean up.
        return Err("cancelled".to_owned());
    }
    ctx.set_custom_status(format!("phase {phase}"));
    ctx.set_kv_value("phase", format!("phase {phase}"));
    let next = Input {
        program,
        phase: phase + 1,
        said,
    };
    ctx.continue_as_new(next.to_text()).await
}

type Came = BoxFuture<'static, Result<String, String>>;

#[expect(clippy::too_many_lines, reason = "one arm per statement")]
fn run(ctx: OrchestrationContext, op: Op, agreed: bool) -> Came {
    match op {
        Op::Call {
            name,
            does,
            session,
            tagged,
        } => {
            let input = Work { name, does }.to_text();
            let call = match session {
                Some(session) => ctx.schedule_activity_on_session("work", input, session),
                None => ctx.schedule_activity("work", input),
            };
            if tagged { call.with_tag(TAG) } else { call }.boxed()
        }
        Op::Retried {
            name,
            fails,
            attempts,
        } => {
            let backoff = BackoffStrategy::Fixed {
                delay: Duration::from_millis(300),
            };
            let policy = RetryPolicy::new(attempts).with_backoff(backoff);
            let input = serde_json::to_string(&(name, fails)).unwrap();
            ctx.schedule_activity_with_retry("flaky", input, policy)
                .boxed()
        }
        Op::Bomb(name) => {
            let call = ctx.schedule_activity("bomb", name);
            async move { Ok(call.await.unwrap_or_else(|_| "bombed".to_owned())) }.boxed()
        }
        Op::Timer(millis) => async move {
            let due = ctx.now() + Duration::from_millis(millis);
            ctx.schedule_timer(Duration::from_millis(millis)).await;
            if agreed && ctx.now() < due {
                return Err("a timer was early".to_owned());
            }
            Ok("t".to_owned())
        }
        .boxed(),
        Op::Wait(name) => async move {
            let data = ctx.schedule_wait(name.clone()).await;
            let fits = data.starts_with(&name);
            fits.then(|| "e".to_owned())
                .ok_or(format!("event `{name}` brought {data}"))
        }
        .boxed(),
        Op::Drain { queue, count } => drain(ctx, queue, count).boxed(),
        Op::RacedDrain {
            queue,
            count,
            pause,
        } => async move {
            let message = ctx.dequeue_event(queue.clone());
            let timer = ctx.schedule_timer(Duration::from_millis(pause));
            match select2(message, timer).await {
                Either2::First(first) => {
                    let rest = drain(ctx, queue, count - 1).await?;
                    let all = [first, rest].into_iter().filter(|part| !part.is_empty());
                    Ok(all.collect::<Vec<_>>().join("."))
                }
                Either2::Second(()) => drain(ctx, queue, count).await,
            }
        }
        .boxed(),
        Op::Sequence(ops) => async move {
            let mut said = Vec::new();
            for op in ops {
                said.push(run(ctx.clone(), op, agreed).await?);
            }
            Ok(said.join(","))
        }
        .boxed(),
        Op::Join(ops) => async move {
            let all = join_all(ops.into_iter().map(|op| run(ctx.clone(), op, agreed))).await;
            let all = all.into_iter().collect::<Result<Vec<_>, _>>()?;
            Ok(format!("[{}]", all.join(" ")))
        }
        .boxed(),
        Op::Select(ops) => async move {
            let (place, came) =
                select_all(ops.into_iter().map(|op| run(ctx.clone(), op, agreed))).await;
            came.map(|it| format!("{place}:{it}"))
        }
        .boxed(),
        Op::Timeout(millis, op) => async move {
            let inside = run(ctx.clone(), *op, agreed);
            let limited = ctx.timeout(Duration::from_millis(millis), inside).await;
            limited.unwrap_or_else(|_| Ok("late".to_owned()))
        }
        .boxed(),
        Op::Passed(millis, op) => async move {
            let mut inside = run(ctx.clone(), *op, agreed);
            let timer = ctx.schedule_timer(Duration::from_millis(millis));
            match select2(&mut inside, timer).await {
                Either2::First(came) => came,
                Either2::Second(()) => select_all([inside]).await.1,
            }
        }
        .boxed(),
        Op::Child { program, .. } => {
            let input = Input::first(*program).to_text();
            let child = ctx.schedule_sub_orchestration(NAME, input);
            async move {
                Ok(child
                    .await
                    .map_or_else(|_| "cf".to_owned(), |it| format!("c({it})")))
            }
            .boxed()
        }
        Op::Detached { name, program } => async move {
            // Ids like those of children are for children.
            let id = format!("{}-d{name}", ctx.instance_id().replace("::sub::", "-s"));
            ctx.schedule_orchestration(NAME, id, Input::first(*program).to_text());
            Ok("d".to_owned())
        }
        .boxed(),
        Op::Keep(key, op) => async move {
            // Each key is used once, so nothing can be there yet.
            if let Some(early) = ctx.get_kv_value(&key) {
                return Err(format!("{key} is {early} before it is kept"));
            }
            let value = format!("{key} of {}", ctx.execution_id());
            ctx.set_kv_value(key.clone(), value.clone());
            let came = run(ctx.clone(), *op, agreed).await;
            let kept = ctx.get_kv_value(&key);
            ctx.set_kv_value(key, "another value, which a replay must not see");
            if kept.as_ref() != Some(&value) {
                return Err(format!("kept {value}, found {kept:?}"));
            }
            came
        }
        .boxed(),
        Op::Draw(name, op) => async move {
            draw(&ctx, &name).await?;
            let came = run(ctx.clone(), *op, agreed).await;
            draw(&ctx, &name).await?;
            came
        }
        .boxed(),
        Op::Dropped(name) => async move {
            drop(ctx.schedule_activity("echo", name));
            drop(ctx.schedule_timer(Duration::from_secs(1)));
            drop(ctx.dequeue_event(SHARED));
            Ok("x".to_owned())
        }
        .boxed(),
        Op::Saga(name, op) => async move {
            let mut saga = ctx.saga();
            saga.undo(|ctx| async move { ctx.schedule_activity("echo", name).await });
            let came = run(ctx.clone(), *op, agreed).await;
            if came.is_err() {
                saga.compensate()
                    .await
                    .map_err(|failed| format!("{failed:?}"))?;
            }
            saga.dismiss();
            came
        }
        .boxed(),
        Op::Fails(name) => async move { Err(format!("f{name}")) }.boxed(),
    }
}

/// What is drawn again at a replay must be the same, or the activity has another input.
async fn draw(ctx: &OrchestrationContext, name: &str) -> Result<(), String> {
    let (id, number, now) = (ctx.new_guid(), ctx.random::<u64>(), ctx.now());
    let drawn = format!("{name} {id} {number} {now:?}");
    let echo = ctx.schedule_activity("echo", drawn.clone()).await?;
    (echo == drawn)
        .then_some(())
        .ok_or(format!("drew {drawn}, then {echo}"))
}

async fn drain(ctx: OrchestrationContext, queue: String, count: u32) -> Result<String, String> {
    let mut read = Vec::new();
    for _ in 0..count {
        read.push(ctx.dequeue_event(queue.clone()).await);
    }
    Ok(read.join("."))
}

#[derive(Serialize, Deserialize)]
struct Work {
    name: String,
    does: Does,
}

impl Work {
    fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap()
    }
}

/// I28: what takes its node down time after time is not begun for ever.
fn began(shared: &Shared, ctx: &ActivityContext) {
    let (delivery, most) = (ctx.delivery(), shared.plan.max_attempts);
    if delivery > most {
        let id = ctx.instance_id();
        shared.broken(format!("I28: begin {delivery} of {most} in `{id}`"));
    }
}

/// The activities of one life of a node.
pub(crate) fn activities(env: &Arc<SimEnv>, shared: &Arc<Shared>, node: usize) -> ActivityRegistry {
    let (clock, watch) = (Arc::clone(env), Arc::clone(shared));
    let work = move |ctx: ActivityContext, input: String| {
        let clock = Arc::clone(&clock);
        began(&watch, &ctx);
        async move {
            let Work { name, does } = serde_json::from_str(&input).map_err(|e| e.to_string())?;
            let (Does::Returns(millis) | Does::Fails(millis)) = does;
            clock.sleep(Duration::from_millis(millis)).await;
            match does {
                Does::Returns(_) => Ok(format!("a{name}")),
                Does::Fails(_) => Err(format!("f{name}")),
            }
        }
    };
    let flaky = |ctx: ActivityContext, input: String| async move {
        let (name, fails): (String, u32) =
            serde_json::from_str(&input).map_err(|error| error.to_string())?;
        if ctx.attempt() > fails {
            Ok(format!("r{name}"))
        } else {
            Err(format!("f{name}"))
        }
    };
    let (target, clock) = (Arc::clone(shared), Arc::clone(env));
    let bomb = move |ctx: ActivityContext, name: String| {
        let (target, clock) = (Arc::clone(&target), Arc::clone(&clock));
        began(&target, &ctx);
        async move {
            if target.faults() {
                target.saw("an activity that takes its node down");
                target.doom(node);
                // Until it is gone.
                clock.sleep(Duration::from_secs(3_600)).await;
            }
            Ok(format!("a{name}"))
        }
    };
    ActivityRegistry::builder()
        .register("work", work)
        .register("flaky", flaky)
        .register("bomb", bomb)
        .register("echo", |_: ActivityContext, text: String| async move {
            Ok(text)
        })
        .build()
}
