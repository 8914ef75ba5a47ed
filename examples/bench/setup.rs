//! The store and the runtime that a workload runs on.

use std::cell::Cell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use duroxide::prelude::*;
use duroxide::storage::redb::{Commits, Durability, IoCounts, RedbOptions};

use crate::Outcome;
use crate::counted::{Counted, Operations};

/// What is measured.
#[derive(Clone, Debug, Args)]
pub(crate) struct Setup {
    /// Where everything is kept.
    #[arg(long, value_enum, default_value_t = Store::RedbFile)]
    store: Store,
    /// When an acknowledged step is on disk.
    #[arg(long, value_enum, default_value_t = Durable::Immediate)]
    durability: Durable,
    /// How a group of writes becomes durable.
    #[arg(long, value_enum, default_value_t = How::Tables)]
    commits: How,
    /// What redb does in each commit.
    #[arg(long, value_enum, default_value_t = Protocol::OnePhase)]
    protocol: Protocol,
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
enum How {
    Tables,
    Journal,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Protocol {
    OnePhase,
    TwoPhase,
    QuickRepair,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

/// A file that is gone with this.
#[derive(Debug)]
pub(crate) struct File(PathBuf);

/// A runtime under measurement.
pub(crate) struct Running {
    runtime: Arc<Runtime>,
    store: RedbProvider,
    operations: Arc<Operations>,
    before: Cell<Counts>,
    file: Option<File>,
}

/// What the store did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) io: IoCounts,
    /// Successful starts, events, commits and completions.
    pub(crate) operations: u64,
}

impl Setup {
    /// A new store and a runtime on it.
    pub(crate) async fn start(&self) -> Outcome<Running> {
        self.start_with(RuntimeOptions::default()).await
    }

    /// The same with other options.
    pub(crate) async fn start_with(&self, options: RuntimeOptions) -> Outcome<Running> {
        let file = self.has_file().then(|| self.new_file()).transpose()?;
        let store = match &file {
            None => self.options().in_memory()?,
            Some(file) => self.open(file.path())?,
        };
        let running = self.start_on(store, options).await?;
        Ok(Running { file, ..running })
    }

    /// A runtime on the store in a file that is there.
    pub(crate) async fn start_in(&self, file: &Path) -> Outcome<Running> {
        let store = self.open(file)?;
        self.start_on(store, RuntimeOptions::default()).await
    }

    /// A runtime on a store that is there.
    pub(crate) async fn start_on(
        &self,
        store: RedbProvider,
        options: RuntimeOptions,
    ) -> Outcome<Running> {
        let operations = Arc::new(Operations::default());
        let counted = Counted::new(store.clone(), Arc::clone(&operations));
        let live_instances = match self.live {
            Switch::On => options.live_instances,
            Switch::Off => 0,
        };
        let options = RuntimeOptions {
            live_instances,
            ..options
        };
        let builder = Runtime::builder().store(counted).options(options);
        Ok(Running {
            runtime: builder.start().await?,
            store,
            operations,
            before: Cell::default(),
            file: None,
        })
    }

    pub(crate) fn open(&self, file: &Path) -> Outcome<RedbProvider> {
        Ok(self.options().open(file)?)
    }

    fn options(&self) -> RedbOptions {
        let options = RedbProvider::options().durability(match self.durability {
            Durable::Immediate => Durability::Immediate,
            Durable::LosesLastSeconds => Durability::LosesLastSeconds,
        });
        let options = options.commits(match self.commits {
            How::Tables => Commits::Tables,
            How::Journal => Commits::Journal,
        });
        match self.protocol {
            Protocol::OnePhase => options,
            Protocol::TwoPhase => options.two_phase_commit(true),
            Protocol::QuickRepair => options.quick_repair(true),
        }
    }

    /// A name for a file that is not there yet.
    pub(crate) fn new_file(&self) -> Outcome<File> {
        std::fs::create_dir_all(&self.folder)?;
        let name = format!("bench-{}.redb", std::process::id());
        Ok(File(self.folder.join(name)))
    }

    pub(crate) fn has_file(&self) -> bool {
        matches!(self.store, Store::RedbFile)
    }

    pub(crate) fn is_durable(&self) -> bool {
        matches!(self.durability, Durable::Immediate)
    }

    /// The same for another process.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let [store, durability, commits, protocol, live] = self.names();
        let mut args: Vec<OsString> = vec!["--store".into(), store.into()];
        args.extend(["--durability".into(), durability.into()]);
        args.extend(["--commits".into(), commits.into()]);
        args.extend(["--protocol".into(), protocol.into()]);
        args.extend(["--live".into(), live.into(), "--folder".into()]);
        args.push(self.folder.clone().into());
        args
    }

    /// Store, durability, commits and their protocol, and whether instances stay in memory.
    pub(crate) fn names(&self) -> [String; 5] {
        [
            name(&self.store),
            name(&self.durability),
            name(&self.commits),
            name(&self.protocol),
            name(&self.live),
        ]
    }
}

/// What it is called on the command line.
pub(crate) fn name(value: &impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

impl Running {
    pub(crate) fn client(&self) -> Client {
        self.runtime.client()
    }

    /// From here on is counted.
    pub(crate) fn reset_counts(&self) {
        self.before.set(self.all_counts());
    }

    pub(crate) fn counts(&self) -> Counts {
        let (now, before) = (self.all_counts(), self.before.get());
        Counts {
            io: now.io.since(before.io),
            operations: now.operations.saturating_sub(before.operations),
        }
    }

    fn all_counts(&self) -> Counts {
        Counts {
            io: self.store.io_counts(),
            operations: self.operations.count(),
        }
    }

    pub(crate) fn file_bytes(&self) -> u64 {
        self.file.as_ref().map_or(0, File::bytes)
    }

    /// The file goes with the runtime.
    pub(crate) fn with_file(self, file: File) -> Self {
        Self {
            file: Some(file),
            ..self
        }
    }

    pub(crate) async fn stop(self) {
        self.runtime.shutdown(None).await;
    }
}

impl File {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn bytes(&self) -> u64 {
        std::fs::metadata(&self.0).map_or(0, |file| file.len())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // What is left of a benchmark is rubbish, whether or not it can be removed.
        let _ = std::fs::remove_file(&self.0);
    }
}
