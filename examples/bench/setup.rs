//! The store and the runtime that a workload runs on.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use duroxide::prelude::*;
use duroxide::storage::redb::{Durability, IoCounts};

/// What is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Setup {
    /// Where everything is kept.
    #[arg(long, value_enum, default_value_t = Store::RedbFile)]
    store: Store,
    /// When an acknowledged step is on disk.
    #[arg(long, value_enum, default_value_t = Durable::Immediate)]
    durability: Durable,
    /// Whether suspended instances stay in memory.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    live: Switch,
    /// The folder for the files; they are removed afterwards.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    RedbFile,
    RedbMemory,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Durable {
    Immediate,
    LosesLastSeconds,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// A runtime under measurement.
pub(crate) struct Running {
    runtime: Arc<Runtime>,
    store: RedbProvider,
    file: Option<PathBuf>,
    before: std::cell::Cell<IoCounts>,
}

impl Setup {
    pub(crate) async fn start(&self) -> Result<Running, Box<dyn std::error::Error>> {
        let options = RedbProvider::options().durability(match self.durability {
            Durable::Immediate => Durability::Immediate,
            Durable::LosesLastSeconds => Durability::LosesLastSeconds,
        });
        let (store, file) = match self.store {
            Store::RedbMemory => (options.in_memory()?, None),
            Store::RedbFile => {
                std::fs::create_dir_all(&self.folder)?;
                let file = self
                    .folder
                    .join(format!("bench-{}.redb", std::process::id()));
                (options.open(&file)?, Some(file))
            }
        };
        let defaults = RuntimeOptions::default();
        let live_instances = match self.live {
            Switch::On => defaults.live_instances,
            Switch::Off => 0,
        };
        let runtime = Runtime::builder()
            .store(store.clone())
            .options(RuntimeOptions {
                live_instances,
                ..defaults
            })
            .start()
            .await?;
        let before = std::cell::Cell::new(IoCounts::default());
        Ok(Running {
            runtime,
            store,
            file,
            before,
        })
    }

    pub(crate) fn store_name(&self) -> String {
        name(&self.store)
    }

    pub(crate) fn durability_name(&self) -> String {
        name(&self.durability)
    }

    pub(crate) fn live_name(&self) -> String {
        name(&self.live)
    }
}

fn name(value: &impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

impl Running {
    pub(crate) fn client(&self) -> Client {
        self.runtime.client()
    }

    /// From here on is counted.
    pub(crate) fn reset_io(&self) {
        self.before.set(self.store.io_counts());
    }

    pub(crate) fn io(&self) -> IoCounts {
        self.store.io_counts().since(self.before.get())
    }

    pub(crate) fn file_bytes(&self) -> u64 {
        let file = self.file.as_ref();
        file.and_then(|file| std::fs::metadata(file).ok())
            .map_or(0, |file| file.len())
    }

    pub(crate) async fn stop(self) {
        self.runtime.shutdown(None).await;
        drop(self.store);
        if let Some(file) = self.file {
            // What is left of a benchmark is rubbish, whether or not it can be removed.
            let _ = std::fs::remove_file(file);
        }
    }
}
