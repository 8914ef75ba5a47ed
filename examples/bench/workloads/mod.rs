//! The workloads: one file for each, its sizes here.

mod chain;
mod disk;
mod eternal;
mod fanout;
mod hello;
mod idle;
mod join;
mod large;
mod many;
mod programs;
mod raw;
mod recovery;
mod reopen;
mod signal;
mod timers;
mod waiting;

use std::ffi::OsString;
use std::path::Path;

use clap::ValueEnum;

use crate::Outcome;
use crate::report::Report;
use crate::setup::{self, Setup};
use crate::victim;

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) workload: Workload,
    pub(crate) size: u64,
    pub(crate) seconds: u64,
    pub(crate) limit: Option<f64>,
    pub(crate) setup: Setup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// Start to result of one activity, so many times in sequence.
    Hello,
    /// One orchestration with so many activities in sequence.
    Chain,
    /// Five parallel activities for each orchestration, so many of these in flight.
    Fanout,
    /// So many instances with one activity each, all started at once.
    Many,
    /// One orchestration that waits for so many activities at once.
    Join,
    /// An event in, an answer out, so many times.
    Signal,
    /// So many timers, due one after the other over ten seconds (or `--seconds`, if less).
    Timers,
    /// So many timers, all due in the same millisecond.
    TimersBurst,
    /// Killed with so many instances of three activities in flight, then started again.
    Recovery,
    /// Killed over so many MiB of payloads in histories, then opened again.
    Reopen,
    /// Killed over so many waiting instances, then opened again.
    ReopenWaiting,
    /// Nothing happens to so many waiting instances.
    Idle,
    /// One instance that continues as new so many times.
    Eternal,
    /// So many activities at once with a MiB in and a MiB out.
    Large,
    /// redb alone: so many callers that wait for commits of a few rows like ours.
    Raw,
    /// The disk alone: so many times 512 bytes and an fdatasync.
    Fdatasync,
    /// The disk alone: so many MiB in one piece, and an fdatasync.
    Sequential,
    /// All of the above.
    All,
}

/// What a workload is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) workload: Workload,
    pub(crate) size: u64,
    /// What is compared: both lines have it.
    pub(crate) figure: &'static str,
}

pub(crate) async fn run(case: &Case) -> Outcome<Report> {
    let report = match case.workload {
        Workload::Hello => hello::run(case).await,
        Workload::Chain => chain::run(case).await,
        Workload::Fanout => fanout::run(case).await,
        Workload::Many => many::run(case).await,
        Workload::Join => join::run(case).await,
        Workload::Signal => signal::run(case).await,
        Workload::Timers => timers::paced(case).await,
        Workload::TimersBurst => timers::burst(case).await,
        Workload::Recovery => recovery::run(case).await,
        Workload::Reopen => reopen::run(case).await,
        Workload::ReopenWaiting => waiting::reopen(case).await,
        Workload::Idle => idle::run(case).await,
        Workload::Eternal => eternal::run(case).await,
        Workload::Large => large::run(case).await,
        Workload::Raw => raw::run(case).await,
        Workload::Fdatasync => disk::fdatasync(case),
        Workload::Sequential => disk::sequential(case),
        Workload::All => Err("`all` is several measurements".into()),
    }?;
    Ok(report.compared(case))
}

/// Fills the file of a workload that kills, and waits to be killed.
pub(crate) async fn fill(case: &Case, file: &Path) -> Outcome<()> {
    victim::end_with_parent();
    match case.workload {
        Workload::Recovery => recovery::fill(case, file).await,
        Workload::Reopen => reopen::fill(case, file).await,
        Workload::ReopenWaiting => waiting::fill(case, file).await,
        other => Err(format!("`{}` kills nobody", other.name()).into()),
    }
}

impl Workload {
    pub(crate) fn name(self) -> String {
        setup::name(&self)
    }

    /// The workloads that this one stands for.
    pub(crate) fn with_those_in_it(self) -> Option<&'static [Self]> {
        let all = Self::value_variants();
        let behind_all = all.split_last().map(|(_all, others)| others);
        behind_all.filter(|_| self == Self::All)
    }

    /// The sizes of `docs/performance.md`.
    pub(crate) fn sizes(self) -> &'static [u64] {
        match self {
            Self::Hello | Self::Signal => &[1_000],
            Self::Chain | Self::Join => &[100, 1_000, 10_000],
            Self::Fanout => &[50, 200, 1_000],
            Self::Many => &[20_000],
            Self::Recovery => &[2_000, 20_000],
            Self::Reopen => &[1_024],
            Self::ReopenWaiting | Self::Idle => &[100_000],
            Self::Eternal => &[10_000],
            Self::Large => &[64],
            Self::Raw => &[1, 16, 64, 256, 1_000],
            Self::Timers | Self::TimersBurst | Self::Fdatasync => &[2_000],
            Self::Sequential => &[512],
            Self::All => &[],
        }
    }

    /// What so many are to be compared with.
    pub(crate) fn limit(self, size: u64) -> Option<Limit> {
        let raw = |size| Limit {
            workload: Self::Raw,
            size,
            figure: "store_operations_per_second",
        };
        match self {
            Self::Hello | Self::Chain | Self::Signal | Self::Eternal => Some(raw(1)),
            Self::Fanout if size < 16 => Some(raw(1)),
            Self::Fanout | Self::Many | Self::Join | Self::Recovery => Some(raw(64)),
            Self::Large => Some(Limit {
                workload: Self::Sequential,
                size: 512,
                figure: "mib_per_second",
            }),
            Self::Timers
            | Self::TimersBurst
            | Self::Reopen
            | Self::ReopenWaiting
            | Self::Idle
            | Self::Raw
            | Self::Fdatasync
            | Self::Sequential
            | Self::All => None,
        }
    }

    /// Whether others are compared with it.
    pub(crate) fn is_limit(self) -> bool {
        matches!(self, Self::Raw | Self::Fdatasync | Self::Sequential)
    }

    /// Whether it makes no sense without a file.
    pub(crate) fn needs_file(self) -> bool {
        let kills = matches!(self, Self::Recovery | Self::Reopen | Self::ReopenWaiting);
        kills || matches!(self, Self::Fdatasync | Self::Sequential)
    }
}

impl Case {
    /// The same for another process.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = vec![self.workload.name().into()];
        args.extend(["--size".into(), self.size.to_string().into()]);
        args.extend(["--seconds".into(), self.seconds.to_string().into()]);
        if let Some(limit) = self.limit {
            args.extend(["--limit".into(), limit.to_string().into()]);
        }
        args.extend(self.setup.to_args());
        args
    }
}
