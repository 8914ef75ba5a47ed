//! People in the loop.

use std::time::SystemTime;

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const REMINDERS: &[Duration] = &[DAY, Duration::from_secs(3 * 24 * 60 * 60)];

#[derive(Clone, Debug, Serialize, Deserialize, ExternalEvent)]
struct Decision {
    by: String,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Verdict {
    Yes,
    No,
    Later(u32),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Expense {
    who: String,
    cents: u64,
    #[serde(default)]
    at: Option<SystemTime>,
}

#[activity]
async fn notify(_ctx: &ActivityContext, who: String, text: String) -> Result<(), String> {
    if who.is_empty() { Err(text) } else { Ok(()) }
}

#[activity]
async fn pay_out(_ctx: &ActivityContext, who: String, cents: u64) -> Result<u64, String> {
    Ok(cents + who.len() as u64)
}

#[orchestration]
async fn expense(ctx: &OrchestrationContext, expense: Expense) -> Result<Option<u64>, String> {
    if expense.cents < 5_000 {
        return Ok(Some(pay_out(ctx, expense.who, expense.cents).await?));
    }
    for boss in ["lead", "head", "board"] {
        notify(ctx, boss.to_owned(), format!("{expense:?}")).await?;
        let decided = select! {
            decision = ctx.wait_for::<Decision>() => Some(decision?),
            () = ctx.schedule_timer(3 * DAY) => None,
        };
        match decided.map(|it| it.verdict) {
            Some(Verdict::Yes) => return Ok(Some(pay_out(ctx, expense.who, expense.cents).await?)),
            Some(Verdict::No) => return Ok(None),
            Some(Verdict::Later(days)) => ctx.schedule_timer(days * DAY).await,
            None => {}
        }
    }
    Err("nobody decided".to_owned())
}

#[orchestration]
async fn quorum(
    ctx: &OrchestrationContext,
    needed: usize,
    asked: Vec<String>,
) -> Result<bool, String> {
    let text = format!("{} of {}", needed, asked.len());
    join_all(
        asked
            .iter()
            .map(|who| notify(ctx, who.clone(), text.clone())),
    )
    .await;
    let mut yes = 0;
    let mut no = 0;
    while yes < needed && no + needed <= asked.len() {
        match ctx.wait_for::<Decision>().await?.verdict {
            Verdict::Yes => yes += 1,
            Verdict::No => no += 1,
            Verdict::Later(_) => {}
        }
    }
    Ok(yes >= needed)
}

#[orchestration]
async fn with_reminders(ctx: &OrchestrationContext, who: String) -> Result<Verdict, String> {
    let mut answer = std::pin::pin!(ctx.wait_for::<Decision>());
    for pause in REMINDERS {
        let waited = select! {
            decision = &mut answer => Some(decision),
            () = ctx.schedule_timer(*pause) => None,
        };
        match waited {
            Some(decision) => return Ok(decision?.verdict),
            None => notify(ctx, who.clone(), "still waiting".to_owned()).await?,
        }
    }
    Err(format!("{who} did not answer"))
}

#[orchestration]
async fn deadline(ctx: &OrchestrationContext, until: SystemTime) -> Result<String, String> {
    let left = until.duration_since(ctx.now()).unwrap_or_default();
    if left.is_zero() {
        return Ok("too late".to_owned());
    }
    let word = match ctx.timeout(left, ctx.wait_for::<Decision>()).await {
        Ok(decision) => decision?.by,
        Err(elapsed) => elapsed.to_string(),
    };
    Ok(word)
}

/// Two versions of one thing, side by side.
#[orchestration(name = "onboard", version = "1.0.0")]
async fn onboard_v1(ctx: &OrchestrationContext, who: String) -> Result<(), String> {
    notify(ctx, who, "welcome".to_owned())
        .await
        .map_err(|error| error.to_string())
}

#[orchestration(name = "onboard", version = "2.0.0")]
async fn onboard_v2(ctx: &OrchestrationContext, who: String) -> Result<(), String> {
    let id = ctx.new_guid();
    let luck: f64 = ctx.random();
    notify(ctx, who.clone(), format!("welcome, {id}")).await?;
    if luck < 0.1 {
        notify(ctx, who, "you won".to_owned()).await?;
    }
    Ok(())
}
