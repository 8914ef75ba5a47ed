//! How the service is set up: its folder, its ports, the programs that it found.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::postgres::Postgres;
use crate::programs::Programs;
use crate::records::Records;

/// The options of `serve`.
#[derive(Clone, Debug, Args)]
pub(crate) struct Config {
    /// Where everything is kept: the store, the records, the servers' files.
    #[arg(long, default_value = "/var/tmp/fleet")]
    folder: PathBuf,
    /// The folder with `initdb`, `pg_ctl`, `postgres` and `psql`; looked for if it is left out.
    #[arg(long)]
    programs: Option<PathBuf>,
    /// The first port that a server may get. There are a hundred of them.
    #[arg(long, default_value_t = 15432)]
    ports: u16,
    /// How often each server is looked after, in milliseconds.
    #[arg(long, default_value_t = 30_000)]
    pub(crate) check_every: u64,
}

/// What the activities and the service work with.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) postgres: Postgres,
    pub(crate) records: Records,
    pub(crate) check_every: Duration,
}

impl Config {
    /// Where the store is.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("fleet.redb")
    }

    /// Makes the folders, and finds what is needed.
    pub(crate) async fn prepare(&self) -> Result<Fleet, String> {
        let folder = std::path::absolute(&self.folder).map_err(|error| error.to_string())?;
        let (servers, records) = (folder.join("servers"), folder.join("records"));
        for folder in [&servers, &records] {
            fs::create_dir_all(folder)
                .map_err(|error| format!("cannot make `{}`: {error}", folder.display()))?;
        }
        let programs = Programs::find(self.programs.clone(), &records)?;
        programs.check_access(&servers).await?;
        let ports = (self.ports, self.ports.saturating_add(99));
        Ok(Fleet {
            postgres: Postgres::new(servers, programs),
            records: Records::new(records, ports),
            check_every: Duration::from_millis(self.check_every.max(100)),
        })
    }
}
