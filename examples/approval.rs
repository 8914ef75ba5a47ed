//! A person in the loop: a request waits for an answer, and a durable timer ends the waiting.
//!
//! `cargo run --example approval` asks at the terminal; type `yes Ada` or `no Ada`. Or answer from
//! another terminal: `cargo run --example approval -- --answer "yes Ada"`. Kill it and run it again:
//! it still waits, and the time that it was gone counts too. Delete `approval.work` to begin anew.

use std::io::BufRead as _;
use std::str::FromStr;

use clap::Parser;
use duroxide::ExternalEvent;
use duroxide::prelude::*;
use examples::{Folder, say};
use serde::{Deserialize, Serialize};

/// Asks for an approval, or gives one.
#[derive(Debug, Parser)]
struct Args {
    /// What is asked for.
    #[arg(long, default_value = "a new chair")]
    request: String,
    /// How many seconds a request waits for its answer.
    #[arg(long, default_value_t = 300)]
    patience: u64,
    /// Answers the request of the process that runs, and ends.
    #[arg(long, value_name = "YES OR NO, AND A NAME")]
    answer: Option<String>,
}

/// What a person said.
#[derive(Clone, Debug, Serialize, Deserialize, ExternalEvent)]
#[event(name = "answer")]
struct Answer {
    approved: bool,
    by: String,
}

impl FromStr for Answer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, by) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let approved = match word {
            "yes" => true,
            "no" => false,
            _ => return Err(format!("`{text}`: type `yes NAME` or `no NAME`")),
        };
        let by = if by.is_empty() { "somebody" } else { by }.to_owned();
        Ok(Self { approved, by })
    }
}

#[activity(data(Folder))]
async fn write_letter(ctx: &ActivityContext, text: String) -> Result<(), String> {
    ctx.data::<Folder>()?.replace("letter.txt", text + "\n")
}

#[orchestration]
async fn approval(
    ctx: &OrchestrationContext,
    request: String,
    patience: Duration,
) -> Result<String, String> {
    // Whichever comes first in the history; the same one on every replay.
    let letter = select! {
        answer = ctx.wait_for::<Answer>() => match answer? {
            Answer { approved: true, by } => format!("{request}: approved by {by}"),
            Answer { approved: false, by } => format!("{request}: declined by {by}"),
        },
        () = ctx.schedule_timer(patience) => format!("{request}: nobody answered in time"),
    };
    write_letter(ctx, letter.clone()).await?;
    Ok(letter)
}

#[tokio::main]
async fn main() -> examples::Result {
    let args = Args::parse();
    let work = Folder::of("approval")?;
    if let Some(answer) = args.answer {
        // The store belongs to the process that runs: hand the answer over as a file.
        answer.parse::<Answer>()?;
        return Ok(work.replace("answer.txt", answer)?);
    }
    examples::run(work.start().await?, async |client| {
        let patience = Duration::from_secs(args.patience);
        let handle = approval::start(&client, args.request, patience).id("approval-1");
        let handle = handle.if_absent().await?;
        say!("waiting for an answer: type `yes NAME` or `no NAME`");
        let mut typed = typed_lines();
        let letter = loop {
            tokio::select! {
                letter = handle.result() => break letter?,
                Some(line) = typed.recv() => match line.parse::<Answer>() {
                    Ok(answer) => handle.raise(answer).await?,
                    Err(problem) => say!("{problem}"),
                },
                () = tokio::time::sleep(Duration::from_millis(200)) => {
                    if let Ok(answer) = work.read("answer.txt")?.parse::<Answer>() {
                        // When `raise` is done the answer is on disk, so the file may go.
                        handle.raise(answer).await?;
                        std::fs::remove_file(work.path("answer.txt"))?;
                    }
                }
            }
        };
        say!("{letter}");
        Ok(())
    })
    .await
}

/// Lines from the terminal. On a thread of its own, which does not keep the process from ending.
fn typed_lines() -> tokio::sync::mpsc::UnboundedReceiver<String> {
    let (sender, lines) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

#[cfg(test)]
mod tests {
    use duroxide::testing::TestEnv;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// What comes of a request that waits three days, when this is said after that many days.
    async fn outcome(env: &TestEnv, answer: &str, days: u32) -> String {
        let handle = approval::start(&env.client(), "a lamp".to_owned(), 3 * DAY);
        let handle = handle.await.unwrap();
        env.raise_after(days * DAY, &handle, answer.parse::<Answer>().unwrap());
        handle.result().await.unwrap()
    }

    #[duroxide::test]
    async fn an_answer_in_time_is_in_the_letter(env: TestEnv) {
        let written = env.mock::<write_letter>(|_| Ok(()));
        assert_eq!(outcome(&env, "yes Ada", 2).await, "a lamp: approved by Ada");
        assert_eq!(env.elapsed(), 2 * DAY);
        assert_eq!(outcome(&env, "no Ada", 0).await, "a lamp: declined by Ada");
        let letters: Vec<_> = written.calls().into_iter().map(|(text,)| text).collect();
        assert_eq!(
            letters,
            ["a lamp: approved by Ada", "a lamp: declined by Ada"]
        );
    }

    #[duroxide::test]
    async fn an_answer_that_is_late_changes_nothing(env: TestEnv) {
        env.mock::<write_letter>(|_| Ok(()));
        let outcome = outcome(&env, "yes Ada", 4).await;
        assert_eq!(outcome, "a lamp: nobody answered in time");
        assert_eq!(env.elapsed(), 3 * DAY);
    }

    #[duroxide::test]
    async fn a_crash_at_any_event_loses_no_answer(env: TestEnv) {
        let survived = env.crash_at_every_event(|env| async move {
            env.mock::<write_letter>(|_| Ok(()));
            outcome(&env, "yes Ada", 2).await
        });
        assert_eq!(survived.await, "a lamp: approved by Ada");
    }
}
