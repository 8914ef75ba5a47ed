//! Progress that can be watched: an orchestration shows what it does, a client draws a bar of it.
//!
//! `cargo run --example progress -- FOLDER` copies a folder (this repository's documentation if you
//! name none) into `progress.work/copy`, file by file. Kill it at any moment and run it again: the
//! bar goes on where it was. Delete `progress.work` to begin anew.

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use duroxide::prelude::*;
use examples::{Folder, files_below, say};
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};

/// Copies a folder.
#[derive(Debug, Parser)]
struct Args {
    /// The folder to copy.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"))]
    folder: PathBuf,
    /// Milliseconds of rest after each file, so that the bar can be seen.
    #[arg(long, default_value_t = 50)]
    rest: u64,
}

/// How far the copying is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Progress {
    done: u64,
    all: u64,
    bytes: u64,
}

/// The files of the folder, named from there.
#[activity]
async fn list(_ctx: &ActivityContext, folder: PathBuf) -> Result<Vec<PathBuf>, String> {
    let files = files_below(&folder)?.into_iter();
    let inner = files.map(|file| Ok(file.strip_prefix(&folder)?.to_owned()));
    let inner: Result<_, std::path::StripPrefixError> = inner.collect();
    inner.map_err(|error| error.to_string())
}

/// Copies one file, and gives its size. Run twice, it writes the same again.
#[activity(data(Folder))]
async fn copy(ctx: &ActivityContext, folder: PathBuf, file: PathBuf) -> Result<u64, String> {
    let bytes = fs::read(folder.join(&file)).map_err(|error| error.to_string())?;
    let work = ctx.data::<Folder>()?;
    work.replace(PathBuf::from("copy").join(file), &bytes)?;
    Ok(bytes.len() as u64)
}

#[orchestration]
async fn backup(
    ctx: &OrchestrationContext,
    folder: PathBuf,
    rest: Duration,
) -> Result<Progress, String> {
    let files = list(ctx, folder.clone()).await?;
    let mut progress = Progress {
        all: files.len() as u64,
        ..Progress::default()
    };
    for file in files {
        // The value and the status are on disk with the step that sets them: no client sees more.
        ctx.set_kv_value_typed("progress", &progress);
        ctx.set_custom_status(file.display().to_string());
        progress.bytes += copy(ctx, folder.clone(), file).await?;
        progress.done += 1;
        ctx.schedule_timer(rest).await;
    }
    Ok(progress)
}

#[tokio::main]
async fn main() -> examples::Result {
    let args = Args::parse();
    let work = Folder::of("progress")?;
    examples::run(work.start().await?, async |client| {
        let rest = Duration::from_millis(args.rest);
        let handle = backup::start(&client, args.folder, rest).id("backup");
        let handle = handle.if_absent().await?;
        let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(
            "{bar:30} {pos} of {len} files, {msg}",
        )?);
        let mut seen = 0;
        loop {
            let status = handle.wait_for_status_change(seen, Duration::MAX).await?;
            if status.is_terminal() {
                break;
            }
            seen = status.custom_status_version();
            let progress: Progress = handle.kv_value("progress").await?.unwrap_or_default();
            let file = status.custom_status().unwrap_or_default().to_owned();
            // Without a terminal there is no bar: the same as lines.
            if bar.is_hidden() {
                say!("{} of {} files, {file}", progress.done, progress.all);
            }
            bar.set_length(progress.all);
            bar.set_position(progress.done);
            bar.set_message(file);
        }
        bar.finish_and_clear();
        let Progress { all, bytes, .. } = handle.result().await?;
        say!("{all} files copied, {bytes} bytes");
        Ok(())
    })
    .await
}
