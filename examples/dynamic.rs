//! The dynamic layer: what an orchestration does is known only when the program runs, here from a
//! recipe in a text file. Names are strings, handlers are closures, text goes in and out.
//!
//! `cargo run --example dynamic` works through `dynamic.work/recipe.txt`, which is written first if it
//! is missing: change it, delete `dynamic.work/store.redb`, and run it again. Kill it in the middle
//! and run it again: it goes on with the step at which it was.

use std::future::{Ready, ready};
use std::sync::Arc;

use duroxide::prelude::*;
use duroxide::provider::Provider;
use duroxide::{ActivityRegistry, OrchestrationRegistry, OrchestrationStatus};
use examples::{Folder, say};

const RECIPE: &str = "\
read recipe.txt
words
sort
unique
wait 1
number
write result.txt
";

/// One line of a recipe: a word, and what stands behind it.
fn parts(step: &str) -> (&str, &str) {
    step.trim().split_once(' ').unwrap_or((step.trim(), ""))
}

/// Each step takes the text before it and gives the text behind it.
fn activities(work: &Folder) -> ActivityRegistry {
    let (reading, writing) = (work.clone(), work.clone());
    ActivityRegistry::builder()
        .register("read", move |_ctx, file: String| ready(reading.read(file)))
        .register_typed("write", move |_ctx, (file, text): (String, String)| {
            ready(writing.replace(file, text + "\n"))
        })
        .register("sort", on_lines(|lines| lines.sort()))
        .register("unique", on_lines(Vec::dedup))
        .register(
            "words",
            on_lines(|lines| {
                let words = lines.iter().flat_map(|line| line.split_whitespace());
                *lines = words.map(str::to_owned).collect();
            }),
        )
        .register(
            "number",
            on_lines(|lines| {
                for (line, number) in lines.iter_mut().zip(1..) {
                    *line = format!("{number}. {line}");
                }
            }),
        )
        .build()
}

/// A handler that changes the lines of its input.
fn on_lines(
    change: fn(&mut Vec<String>),
) -> impl Fn(ActivityContext, String) -> Ready<Result<String, String>> {
    move |_ctx, text| {
        let mut lines = text.lines().map(str::to_owned).collect();
        change(&mut lines);
        ready(Ok(lines.join("\n")))
    }
}

/// Works through a recipe. The closure knows none of its steps.
fn orchestrations() -> OrchestrationRegistry {
    let recipe = |ctx: OrchestrationContext, recipe: String| async move {
        let mut text = String::new();
        for step in recipe.lines().filter(|step| !step.trim().is_empty()) {
            ctx.set_custom_status(step);
            let (name, rest) = parts(step);
            text = match name {
                "read" => ctx.schedule_activity("read", rest).await?,
                "write" => {
                    let both = (rest.to_owned(), text.clone());
                    ctx.schedule_activity_typed::<_, ()>("write", &both).await?;
                    text
                }
                "wait" => {
                    let seconds = rest.parse().map_err(|_| format!("`{step}`: no number"))?;
                    ctx.schedule_timer(Duration::from_secs(seconds)).await;
                    text
                }
                // A name that nobody registered is poison in the end, after some minutes.
                _ => ctx.schedule_activity(name, text).await?,
            };
        }
        Ok(format!("{} lines", text.lines().count()))
    };
    OrchestrationRegistry::builder()
        .register("recipe", recipe)
        .build()
}

#[tokio::main]
async fn main() -> examples::Result {
    let work = Folder::of("dynamic")?;
    if !work.path("recipe.txt").exists() {
        work.replace("recipe.txt", RECIPE)?;
    }
    let recipe = work.read("recipe.txt")?;
    let store: Arc<dyn Provider> = Arc::new(work.store("store.redb")?);
    let (activities, orchestrations) = (activities(&work), orchestrations());
    for line in recipe.lines() {
        let (name, _) = parts(line);
        if !(name.is_empty() || name == "wait" || activities.has(name)) {
            return Err(format!("`{line}`: there is no step `{name}`").into());
        }
    }
    let runtime = Runtime::start_with_store(store, activities, orchestrations).await;
    examples::run(runtime, async |client| {
        // The same start again is the same instance.
        client
            .start_orchestration("dinner", "recipe", recipe)
            .await?;
        let (unused, mut seen) = (Duration::ZERO, 0);
        loop {
            let status = client.wait_for_status_change("dinner", seen, unused, Duration::MAX);
            match status.await? {
                OrchestrationStatus::Completed { output, .. } => say!("done: {output}"),
                OrchestrationStatus::Failed { details, .. } => {
                    return Err(details.display_message().into());
                }
                running => {
                    seen = running.custom_status_version();
                    say!("{}", running.custom_status().unwrap_or_default());
                    continue;
                }
            }
            return Ok(());
        }
    })
    .await
}
