//! Nightly imports, with helpers in other files.

mod parsing;
mod schedule;

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

use self::parsing::{Row, parse};
use self::schedule as plan;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Source {
    url: String,
    columns: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Report {
    rows: usize,
    refused: usize,
}

#[activity(total_timeout = "15m")]
async fn download(ctx: &ActivityContext, url: String, page: u32) -> Result<Option<String>, String> {
    // What is forbidden there is what activities are for.
    let began = std::time::Instant::now();
    let name = std::env::var("REGION").unwrap_or_default();
    println!("{name} {:?} {}", began.elapsed(), ctx.attempt());
    Ok((page < 3).then(|| format!("{url},{page}")))
}

#[activity]
async fn insert(_ctx: &ActivityContext, rows: Vec<Row>) -> Result<usize, String> {
    Ok(rows.len())
}

#[orchestration]
async fn import(ctx: &OrchestrationContext, source: Source) -> Result<Report, String> {
    let mut report = Report::default();
    let mut page = 0;
    while let Some(text) = download(ctx, source.url.clone(), page).await? {
        let (rows, refused) = parse(&text, &source.columns);
        report.rows += insert(ctx, rows).await?;
        report.refused += refused.len();
        page += 1;
    }
    Ok(report)
}

#[orchestration]
async fn nightly(
    ctx: &OrchestrationContext,
    sources: Vec<Source>,
    runs: u32,
) -> Result<(), String> {
    let next = plan::next_run(ctx.now(), plan::HOUR);
    ctx.sleep_until(next).await;
    for source in &sources {
        let pages = join_all((0..2).map(|page| download(ctx, source.url.clone(), page))).await;
        let sizes: Vec<usize> = pages.iter().flatten().flatten().map(String::len).collect();
        trace_debug!(ctx, "{}: {:?}", source.url, plan::summary(&sizes));
    }
    nightly::continue_as_new(ctx, sources, runs + 1).await
}

#[orchestration]
async fn backfill(
    ctx: &OrchestrationContext,
    source: Source,
    from: u32,
    to: u32,
) -> Result<usize, String> {
    if to - from > 1_000 {
        return backfill::continue_as_new(ctx, source, from, from + 1_000).await;
    }
    let mut sum = 0;
    for pages in (from..to).collect::<Vec<_>>().chunks(50) {
        let texts = join_all(
            pages
                .iter()
                .map(|page| download(ctx, source.url.clone(), *page)),
        )
        .await;
        for text in texts {
            let Some(text) = text? else { break };
            sum += parse(&text, &source.columns).0.len();
        }
    }
    Ok(sum)
}
