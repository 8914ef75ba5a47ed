//! How the service is set up: its folder, its ports, the programs that it found.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
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
            fs::create_dir_all(folder).map_err(|error| in_words(folder, &error))?;
        }
        let we = own_uid()?;
        // Others may write to where the folder lies by default. What they have put there is theirs.
        for folder in [&folder, &servers, &records] {
            if uid_of(folder)? != we {
                return Err(format!(
                    "`{}` belongs to somebody else: choose another folder with `--folder`",
                    folder.display()
                ));
            }
        }
        let programs = Programs::find(self.programs.clone(), we)?;
        programs.check_access(&servers).await?;
        let ports = (self.ports, self.ports.saturating_add(99));
        Ok(Fleet {
            postgres: Postgres::new(servers, programs),
            records: Records::new(records, ports),
            check_every: Duration::from_millis(self.check_every.max(100)),
        })
    }
}

/// Who this process is: a file that it has just made belongs to it.
fn own_uid() -> Result<u32, String> {
    let probe = std::env::temp_dir().join(format!("fleet-{}", std::process::id()));
    // Never through a link that somebody has put there.
    File::create_new(&probe).map_err(|error| in_words(&probe, &error))?;
    let uid = uid_of(&probe);
    fs::remove_file(&probe).map_err(|error| in_words(&probe, &error))?;
    uid
}

fn uid_of(path: &Path) -> Result<u32, String> {
    let metadata = fs::symlink_metadata(path).map_err(|error| in_words(path, &error))?;
    Ok(metadata.uid())
}

fn in_words(path: &Path, error: &std::io::Error) -> String {
    format!("cannot use `{}`: {error}", path.display())
}
