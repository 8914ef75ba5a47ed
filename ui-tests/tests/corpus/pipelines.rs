//! Builds, media, data: many small steps.

use std::collections::BTreeMap;

use duroxide::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job<T> {
    id: u64,
    payload: T,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum State {
    Queued,
    Running { percent: u8 },
    Done { url: String },
}

#[activity]
async fn run(_ctx: &ActivityContext, job: Job<String>) -> Result<State, String> {
    Ok(State::Done {
        url: format!("{}/{}", job.payload, job.id),
    })
}

#[activity]
async fn poll_state(_ctx: &ActivityContext, id: u64) -> Result<State, String> {
    Ok(State::Running {
        percent: u8::try_from(id % 100).unwrap_or(0),
    })
}

#[activity]
async fn transcode(_ctx: &ActivityContext, file: String, height: u16) -> Result<String, String> {
    Ok(format!("{file}@{height}"))
}

#[activity]
async fn count_words(
    _ctx: &ActivityContext,
    text: String,
) -> Result<BTreeMap<String, usize>, String> {
    let mut words = BTreeMap::new();
    for word in text.split_whitespace() {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    Ok(words)
}

#[activity]
async fn translate(_ctx: &ActivityContext, text: String, language: char) -> Result<String, String> {
    Ok(format!("{text}{language}"))
}

#[orchestration]
async fn poll_until_done(ctx: &OrchestrationContext, id: u64) -> Result<String, String> {
    let mut pause = Duration::from_secs(5);
    loop {
        match poll_state(ctx, id).await? {
            State::Done { url } => break Ok(url),
            State::Running { percent } if percent > 90 => pause = Duration::from_secs(1),
            State::Running { .. } | State::Queued => {}
        }
        ctx.schedule_timer(pause).await;
    }
}

#[orchestration]
async fn video(
    ctx: &OrchestrationContext,
    file: String,
    heights: Vec<u16>,
) -> Result<Vec<String>, String> {
    let calls = heights
        .iter()
        .copied()
        .filter(|height| *height <= 2160)
        .map(|height| transcode(ctx, file.clone(), height).timeout(Duration::from_secs(3600)));
    let (files, errors): (Vec<_>, Vec<_>) =
        join_all(calls).await.into_iter().partition(Result::is_ok);
    if !errors.is_empty() {
        trace_error!(ctx, "{} of {} failed", errors.len(), heights.len());
    }
    Ok(files.into_iter().flatten().collect())
}

#[orchestration]
async fn map_reduce(
    ctx: &OrchestrationContext,
    texts: Vec<String>,
) -> Result<Vec<(String, usize)>, String> {
    let parts = join_all(
        texts
            .into_iter()
            .map(|text| async move { count_words(ctx, text).await }),
    )
    .limit(8)
    .await;
    let mut total = BTreeMap::<String, usize>::new();
    for part in parts {
        for (word, count) in part? {
            *total.entry(word).or_insert(0) += count;
        }
    }
    let mut sorted: Vec<_> = total.into_iter().collect();
    sorted.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), word.clone()));
    sorted.truncate(10);
    Ok(sorted)
}

#[orchestration]
async fn first_answer(ctx: &OrchestrationContext, text: String) -> Result<(usize, String), String> {
    let languages = ['d', 'e', 'f'];
    let (index, answer) =
        select_all(languages.map(|language| translate(ctx, text.clone(), language))).await;
    Ok((index, answer?))
}

#[orchestration]
async fn chain(ctx: &OrchestrationContext, text: String) -> Result<String, String> {
    let mut current = text;
    for (index, language) in "def".chars().enumerate() {
        current = match translate(ctx, current.clone(), language).await {
            Ok(next) => next,
            Err(CallError::TimedOut | CallError::Cancelled) if index > 0 => current,
            Err(error) => return Err(format!("step {index}: {error}")),
        };
    }
    Ok(current)
}

/// Anything as a job.
fn job<T: Serialize + DeserializeOwned>(id: u64, payload: T) -> Job<T> {
    Job { id, payload }
}

#[orchestration]
async fn graph(
    ctx: &OrchestrationContext,
    nodes: BTreeMap<u64, Vec<u64>>,
) -> Result<Vec<u64>, String> {
    let mut waiting = nodes;
    let mut done: Vec<u64> = Vec::new();
    'rounds: while !waiting.is_empty() {
        let ready: Vec<u64> = waiting
            .iter()
            .filter(|(_, needs)| needs.iter().all(|need| done.contains(need)))
            .map(|(id, _)| *id)
            .collect();
        if ready.is_empty() {
            break 'rounds;
        }
        let results = join_all(
            ready
                .iter()
                .map(|id| run(ctx, job(*id, format!("node-{id}")))),
        )
        .await;
        for (id, result) in ready.into_iter().zip(results) {
            if matches!(result?, State::Done { .. }) {
                waiting.remove(&id);
                done.push(id);
            }
        }
    }
    Ok(done)
}

#[orchestration]
async fn shuffled(ctx: &OrchestrationContext, mut items: Vec<u32>) -> Result<Vec<u32>, String> {
    for i in (1..items.len()).rev() {
        let at = usize::try_from(ctx.random::<u32>()).map_err(|error| error.to_string())? % (i + 1);
        items.swap(i, at);
    }
    ctx.schedule_timer(Duration::ZERO).await;
    Ok(items)
}

#[orchestration]
async fn in_branches(ctx: &OrchestrationContext, text: String) -> Result<String, String> {
    let slow = async {
        ctx.schedule_timer(Duration::from_secs(2)).await;
        translate(ctx, text.clone(), 'x')
            .await
            .map_err(String::from)
    };
    let quick = async {
        let words = count_words(ctx, text.clone()).await?;
        Ok::<_, String>(words.values().copied().max().unwrap_or_default())
    };
    let (slow, quick) = join!(slow, quick);
    let mut texts = vec![
        slow?,
        format!("{}", quick?),
        translate(ctx, text, 'y').await?,
    ];
    texts.dedup();
    Ok(texts.join(" "))
}
