//! One store over many lives: work, a loss of power, work again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use duroxide::provider::ProviderRef;
use duroxide::provider::model::ModelProvider;
use duroxide::storage::redb::{Commits, OpenError, RedbOptions, RedbProvider};
use redb::Database;

use super::clock::StillEnv;
use super::doubt::Doubt;
use super::lockstep::{Lockstep, Step};
use super::sim_disk::{Plan, SimDisk, Tear};
use crate::support::dice::Dice;

/// How the store of a seed is opened. A new axis is a line here.
pub(crate) fn options(random: &mut Dice, env: &Arc<StillEnv>) -> RedbOptions {
    let holds = [Duration::ZERO, Duration::from_millis(1)];
    let groups = [1, 2, 512];
    let caches = [64 << 20, 64 << 10, 0];
    let commits = [Commits::Tables, Commits::Journal, Commits::Journal];
    let slices = [1, 10, 4_096];
    let (one_phase, two, quick) = ((false, false), (true, false), (false, true));
    let protocols = [one_phase, one_phase, two, quick];
    let (two_phase_commit, quick_repair) = protocols[random.index(protocols.len())];
    RedbProvider::options()
        .env(env.clone())
        .hold(holds[random.index(holds.len())])
        .max_group(groups[random.index(groups.len())])
        .cache_bytes(caches[random.index(caches.len())])
        .commits(commits[random.index(commits.len())])
        .checkpoint_rows(slices[random.index(slices.len())])
        .two_phase_commit(two_phase_commit)
        .quick_repair(quick_repair)
}

/// What a run consisted of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) lives: u64,
    pub(crate) in_recovery: u64,
    pub(crate) in_doubt: u64,
    pub(crate) steps: u64,
}

/// A store, its disk and what is known of it.
pub(crate) struct Life {
    pub(crate) disk: SimDisk,
    pub(crate) options: RedbOptions,
    pub(crate) lockstep: Lockstep,
    pub(crate) in_doubt: Vec<Doubt>,
    pub(crate) tally: Tally,
    /// How often the disk was opened.
    opened: Arc<AtomicU64>,
    /// How often that was when the present plan began.
    opened_before: u64,
}

impl Life {
    /// A store that is opened by the first recovery.
    pub(crate) fn begin(disk: SimDisk, options: RedbOptions, mut random: Dice) -> Self {
        // The model stands in for the store until then.
        let env = Arc::new(StillEnv::new());
        let options = options.env(env.clone());
        let nothing: ProviderRef = Arc::new(ModelProvider::new(env.clone()));
        let own = Dice::new(random.next());
        Self {
            disk,
            options,
            lockstep: Lockstep::new(env, nothing, own),
            in_doubt: Vec::new(),
            tally: Tally::default(),
            opened: Arc::default(),
            opened_before: 0,
        }
    }

    pub(crate) fn open(&self) -> Result<RedbProvider, OpenError> {
        let (disk, opened) = (self.disk.clone(), Arc::clone(&self.opened));
        self.options.clone().open_backend(move || {
            opened.fetch_add(1, Ordering::SeqCst);
            Ok(disk.clone())
        })
    }

    /// Whether the store has noticed the fault of the present plan, and opened its file anew.
    pub(crate) fn has_reopened(&self) -> bool {
        self.opened.load(Ordering::SeqCst) > self.opened_before
    }

    /// Opens what is found, and compares it with what was acknowledged.
    pub(crate) async fn recover(&mut self) -> Result<(), String> {
        self.disk.plan(Plan::default());
        let store = self
            .open()
            .map_err(|error| format!("cannot be opened: {error:?}"))?;
        let disk = self.disk.clone();
        self.lockstep.struck = Box::new(move || disk.fired());
        let in_doubt = std::mem::take(&mut self.in_doubt);
        self.tally.lives += 1;
        self.tally.in_doubt += in_doubt.len() as u64;
        self.lockstep.recover(Arc::new(store), in_doubt).await
    }

    /// Works until the plan strikes, or for so many steps; whether it struck.
    pub(crate) async fn work(&mut self, plan: Plan, steps: u64) -> Result<bool, String> {
        self.opened_before = self.opened.load(Ordering::SeqCst);
        self.disk.plan(plan);
        for _ in 0..steps {
            self.tally.steps += 1;
            let step = self.lockstep.step().await?;
            let fired = self.disk.fired();
            match step {
                Step::Done if fired => return Ok(true),
                Step::Done => {}
                Step::Broken(in_doubt) if fired => {
                    self.in_doubt = in_doubt;
                    return Ok(true);
                }
                Step::Broken(calls) => return Err(format!("it failed by itself: {calls:?}")),
            }
        }
        Ok(false)
    }

    /// Closes the store; the model stands in for it.
    pub(crate) fn close(&mut self) {
        // The last handle: it returns when the store is closed.
        self.lockstep.store = Arc::new(self.lockstep.model.clone());
    }

    /// Closes the store, if power is still there, and loses power.
    pub(crate) fn lose_power(&mut self, tear: Tear, random: &mut Dice) {
        self.close();
        self.disk = self.disk.crash(tear, random);
        self.lockstep.trace.push(format!("power is lost, {tear:?}"));
    }

    /// Loses power while it is opened, some times.
    pub(crate) fn lose_power_in_recovery(&mut self, times: u64, random: &mut Dice) {
        for _ in 0..times {
            let plan = Plan {
                crash_at: Some(1 + random.below(12)),
                ..Plan::default()
            };
            self.disk.plan(plan);
            drop(self.open());
            let tear = Tear::any(random);
            self.disk = self.disk.crash(tear, random);
            self.tally.in_recovery += 1;
            let words = format!("power is lost while it is opened, {tear:?}");
            self.lockstep.trace.push(words);
        }
    }

    /// What redb itself says about the file.
    pub(crate) fn check_integrity(&self) -> Result<(), String> {
        let copy = SimDisk::holding(self.disk.bytes());
        let mut database = Database::builder()
            .create_with_backend(copy)
            .map_err(|error| format!("redb cannot open it: {error}"))?;
        match database.check_integrity() {
            Ok(true) => Ok(()),
            other => Err(format!("redb finds {other:?}")),
        }
    }

    /// The last things that were done, for whoever reads a failure.
    pub(crate) fn story(&self) -> String {
        let trace = &self.lockstep.trace;
        trace[trace.len().saturating_sub(25)..].join("\n  ")
    }
}

/// The bytes of a store without content: creating one takes longer than all the rest.
pub(crate) fn empty_store() -> &'static Vec<u8> {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let disk = SimDisk::new();
        let opened = disk.clone();
        let store = RedbProvider::options().open_backend(move || Ok(opened.clone()));
        drop(store.unwrap());
        disk.bytes()
    })
}

/// Runs a future to its end on a runtime of its own.
pub(crate) fn alone<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Waits until a condition holds, with much patience.
pub(crate) async fn eventually(condition: impl AsyncFn() -> bool) -> Result<(), String> {
    let waiting = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .map_err(|_| "the store does not come back".to_owned())
}
