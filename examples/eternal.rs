//! An actor that lives for ever: it checks the health of something again and again, starts over with
//! a fresh history, and forgets its old ones.
//!
//! `cargo run --example eternal` watches the file `eternal.work/patient`. While it runs, write
//! something else than `well` into it, or delete it, and see. Kill it and run it again: the counting
//! goes on. It ends after 20 checks, or never with `--checks 0`.

use clap::Parser;
use duroxide::prelude::*;
use duroxide::{ExternalEvent, PruneOptions};
use examples::{Folder, say};
use serde::{Deserialize, Serialize};

/// Watches the health of a file.
#[derive(Debug, Parser)]
struct Args {
    /// After how many checks the actor is told to stop; 0: never.
    #[arg(long, default_value_t = 20)]
    checks: u64,
    /// Milliseconds between two checks.
    #[arg(long, default_value_t = 500)]
    interval: u64,
}

/// All that the actor hands on to its next execution.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Health {
    checks: u64,
    failures: u64,
    is_well: bool,
}

impl Health {
    fn in_a_word(&self) -> &'static str {
        if self.is_well { "well" } else { "ill" }
    }
}

/// Tells the actor to end.
#[derive(Debug, Serialize, Deserialize, ExternalEvent)]
struct Stop {
    reason: String,
}

/// Looks at the patient.
#[activity(data(Folder))]
async fn examine(ctx: &ActivityContext) -> Result<bool, String> {
    Ok(ctx.data::<Folder>()?.read("patient")?.trim() == "well")
}

/// Writes a line into the diary when the health has changed. Run twice, it writes once.
#[activity(data(Folder))]
async fn note(ctx: &ActivityContext, text: String) -> Result<(), String> {
    let folder = ctx.data::<Folder>()?;
    folder.append_once("diary.csv", &ctx.idempotency_key(), &text)
}

/// Forgets all executions of the calling instance but the last two.
#[activity]
async fn forget(ctx: &ActivityContext) -> Result<u64, String> {
    let options = PruneOptions {
        keep_last: Some(2),
        ..PruneOptions::default()
    };
    let client = ctx.client();
    let pruned = client.prune_executions(ctx.instance_id(), options).await;
    let pruned = pruned.map_err(|error| error.to_string())?;
    Ok(pruned.executions_deleted)
}

/// One execution is five checks: then it starts over.
#[orchestration]
async fn watch(
    ctx: &OrchestrationContext,
    interval: Duration,
    mut health: Health,
) -> Result<String, String> {
    for _ in 0..5 {
        let is_well = examine(ctx).await?;
        health.checks += 1;
        health.failures += u64::from(!is_well);
        if is_well != health.is_well {
            health.is_well = is_well;
            let text = format!("{} since check {}", health.in_a_word(), health.checks);
            note(ctx, text).await?;
        }
        ctx.set_kv_value_typed("health", &health);
        ctx.set_custom_status(format!("check {}", health.checks));
        select! {
            () = ctx.schedule_timer(interval) => {}
            // An event that comes while nobody waits is kept, through the next start-over too.
            stop = ctx.wait_for::<Stop>() => {
                let Health { checks, failures, .. } = health;
                return Ok(format!("{checks} checks, {failures} failed: {}", stop?.reason));
            }
        }
    }
    forget(ctx).await?;
    watch::continue_as_new(ctx, interval, health).await
}

#[tokio::main]
async fn main() -> examples::Result {
    let args = Args::parse();
    let work = Folder::of("eternal")?;
    if !work.path("patient").exists() {
        work.replace("patient", "well")?;
    }
    examples::run(work.start().await?, async |client| {
        let interval = Duration::from_millis(args.interval);
        let actor = watch::start(&client, interval, Health::default()).id("actor");
        let actor = actor.if_absent().await?;
        let mut seen = 0;
        loop {
            let status = actor.wait_for_status_change(seen, Duration::MAX).await?;
            if status.is_terminal() {
                say!("{}", actor.result().await?);
                return Ok(());
            }
            seen = status.custom_status_version();
            let health: Health = actor.kv_value("health").await?.unwrap_or_default();
            say!("check {}: {}", health.checks, health.in_a_word());
            if args.checks > 0 && health.checks >= args.checks {
                let reason = "that was enough".to_owned();
                actor.raise(Stop { reason }).await?;
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use duroxide::testing::TestEnv;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// What an actor says at its end that looks once a day and is stopped in the evening of a day.
    async fn watched(env: &TestEnv, last_day: u32) -> String {
        let actor = watch::start(&env.client(), DAY, Health::default()).id("actor");
        let actor = actor.await.unwrap();
        let reason = "enough".to_owned();
        env.raise_after(last_day * DAY + DAY / 2, &actor, Stop { reason });
        actor.result().await.unwrap()
    }

    #[duroxide::test]
    async fn it_lives_for_a_month_and_forgets_its_old_executions(env: TestEnv) {
        env.mock::<examine>(|| Ok(true));
        env.mock::<note>(|_| Ok(()));
        assert_eq!(watched(&env, 27).await, "28 checks, 0 failed: enough");
        assert_eq!(env.elapsed(), 27 * DAY + DAY / 2);
        // Five checks each: the sixth execution is the last, and the fifth kept two.
        let executions = env.client().list_executions("actor").await.unwrap();
        assert_eq!(executions, [4, 5, 6]);
    }

    #[duroxide::test]
    async fn each_change_of_health_is_noted_once_through_all_start_overs(env: TestEnv) {
        let day = AtomicU64::new(0);
        env.mock::<examine>(move || Ok(!(3..9).contains(&day.fetch_add(1, Ordering::SeqCst))));
        let noted = env.mock::<note>(|_| Ok(()));
        assert_eq!(watched(&env, 11).await, "12 checks, 6 failed: enough");
        let texts: Vec<_> = noted.calls().into_iter().map(|(text,)| text).collect();
        assert_eq!(
            texts,
            [
                "well since check 1",
                "ill since check 4",
                "well since check 10"
            ]
        );
    }
}
