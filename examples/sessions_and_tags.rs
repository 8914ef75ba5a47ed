//! Which worker does what: tags choose a kind of worker, sessions keep calls together on one of them.
//!
//! `cargo run --example sessions_and_tags -- FILE..` counts words in files (pages of this repository if
//! you name none). Two workers take what is tagged `search`; each file is a session of one of them,
//! so that it is read into memory once. The front takes the rest. Here they are three runtimes of one
//! process; with a store on a server they would be machines. Kill it and run it again.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;
use duroxide::TagFilter;
use duroxide::prelude::*;
use examples::{Folder, say};

const WORDS: [&str; 4] = ["store", "history", "activity", "time"];

/// Counts words in files.
#[derive(Debug, Parser)]
struct Args {
    #[arg(default_values = [
        concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../ARCHITECTURE.md"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../CONTRIBUTING.md"),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/storage-format.md"),
    ])]
    files: Vec<PathBuf>,
}

/// What a worker has in memory. A worker that comes after a crash begins without.
#[derive(Debug, Default)]
struct Loaded(Mutex<HashMap<PathBuf, Arc<str>>>);

impl Loaded {
    fn text(&self, worker: &str, file: &Path) -> Result<Arc<str>, String> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = loaded.get(file) {
            return Ok(Arc::clone(text));
        }
        say!("{worker} loads {}", file.display());
        let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
        let text: Arc<str> = text.into();
        loaded.insert(file.to_owned(), Arc::clone(&text));
        Ok(text)
    }
}

#[activity(tag = "search", data(Loaded))]
async fn count(ctx: &ActivityContext, file: PathBuf, word: String) -> Result<usize, String> {
    let worker = ctx.worker_id();
    let found = ctx
        .data::<Loaded>()?
        .text(worker, &file)?
        .matches(&word)
        .count();
    say!(
        "{worker} finds `{word}` {found} times in {}",
        file.display()
    );
    Ok(found)
}

/// Without a tag: for the front.
#[activity]
async fn report(ctx: &ActivityContext, text: String) -> Result<(), String> {
    say!("{} reports {text}", ctx.worker_id());
    Ok(())
}

#[orchestration]
async fn search(ctx: &OrchestrationContext, file: PathBuf) -> Result<usize, String> {
    let session = ctx.new_guid().to_string();
    let mut sum = 0;
    for word in WORDS {
        let call = count(ctx, file.clone(), word.to_owned());
        sum += call.on_session(session.as_str()).await?;
    }
    report(ctx, format!("{sum} words in {}", file.display())).await?;
    Ok(sum)
}

#[tokio::main]
async fn main() -> examples::Result {
    let args = Args::parse();
    let store = Folder::of("sessions_and_tags")?.store("store.redb")?;
    let searching = RuntimeOptions {
        // It runs no orchestrations, and of the activities those with its tag.
        orchestration_concurrency: 0,
        worker_tag_filter: TagFilter::tags(["search"]),
        // The files are shared out evenly.
        max_sessions_per_runtime: args.files.len().div_ceil(2),
        ..RuntimeOptions::default()
    };
    let one = runtime(&store, "search-1", searching.clone()).await?;
    let two = runtime(&store, "search-2", searching).await?;
    let front = runtime(&store, "front", RuntimeOptions::default()).await?;
    let done = examples::run(front, async |client| {
        let mut searches = Vec::new();
        for (number, file) in args.files.into_iter().enumerate() {
            let start = search::start(&client, file).id(format!("search-{number}"));
            searches.push(start.if_absent().await?);
        }
        let mut sum = 0;
        for search in searches {
            sum += search.result().await?;
        }
        say!("{sum} words in all files");
        Ok(())
    });
    let done = done.await;
    one.shutdown(None).await;
    two.shutdown(None).await;
    done
}

async fn runtime(
    store: &RedbProvider,
    name: &str,
    options: RuntimeOptions,
) -> examples::Result<Arc<Runtime>> {
    let options = RuntimeOptions {
        worker_node_id: Some(name.to_owned()),
        ..options
    };
    let builder = Runtime::builder().store(store.clone()).options(options);
    Ok(builder.data(Loaded::default()).start().await?)
}
