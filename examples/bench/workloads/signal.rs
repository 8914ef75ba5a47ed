//! An event in, an answer out: the orchestration takes the event and answers through an activity,
//! which the client waits for outside of the store.

use std::sync::{Mutex, PoisonError};

use duroxide::prelude::*;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::report::{Latencies, Report};
use crate::workloads::Case;
use crate::workloads::programs::warm;
use crate::{Outcome, system};

static ANSWERS: Mutex<Option<UnboundedSender<String>>> = Mutex::new(None);

#[activity]
async fn answer(_ctx: &ActivityContext, text: String) -> Result<(), String> {
    let answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let listener = answers.as_ref().ok_or("nobody asks")?;
    listener.send(text).map_err(|error| error.to_string())
}

#[orchestration]
async fn answering(ctx: &OrchestrationContext, rounds: u64) -> Result<u64, String> {
    for _ in 0..rounds {
        let question = ctx.dequeue_event("questions").await;
        answer(ctx, question).await?;
    }
    Ok(rounds)
}

pub(super) async fn run(case: &Case) -> Outcome<Report> {
    let (sender, mut answers) = unbounded_channel();
    *ANSWERS.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    let (running, client) = warm(case).await?;
    let handle = answering::start(&client, case.size + 1).id("one").await?;
    // The first round waits for the instance to begin.
    client.enqueue_event("one", "questions", "?").await?;
    answers.recv().await.ok_or("no answer")?;
    running.reset_counts();
    let mut times = Vec::new();
    let begun = system::now();
    for number in 0..case.size {
        let one = system::now();
        let question = number.to_string();
        client.enqueue_event("one", "questions", &question).await?;
        let answer = answers.recv().await.ok_or("no answer")?;
        times.push(one.elapsed());
        if answer != question {
            return Err(format!("`{answer}` is the answer to `{question}`").into());
        }
    }
    let took = begun.elapsed();
    let report = Report::new(case, case.size, took)
        .latencies(&Latencies::of(times)?)
        .counts(&running);
    handle.result().await?;
    running.stop().await;
    Ok(report)
}
