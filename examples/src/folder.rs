//! The work folder. Everything in it is written so that a crash in the middle leaves nothing half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duroxide::prelude::*;
use duroxide::storage::redb::RedbOptions;
use serde::{Deserialize, Serialize};

/// The folder in which an example keeps its store and writes its results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder `NAME.work` in the current one, made if it is missing. Delete it to begin anew.
    ///
    /// # Errors
    ///
    /// In words, as all of these.
    pub fn of(name: &str) -> Result<Self, String> {
        Self::create(format!("{name}.work").into())
    }

    /// That folder, made if it is missing.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn create(path: PathBuf) -> Result<Self, String> {
        fs::create_dir_all(&path).map_err(|error| in_words(&path, &error))?;
        Ok(Self(path))
    }

    /// Where something in it lies.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Opens the store of the folder.
    ///
    /// # Errors
    ///
    /// What [`RedbProvider::open`] says, and about which file: another process may have it.
    pub fn store(&self, name: &str) -> Result<RedbProvider, String> {
        self.store_with(name, RedbProvider::options())
    }

    /// The same with options.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store).
    pub fn store_with(&self, name: &str, options: RedbOptions) -> Result<RedbProvider, String> {
        let file = self.path(name);
        let opened = options.open(&file);
        opened.map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Starts a runtime on the store `store.redb` of the folder. Activities find the folder as data.
    ///
    /// # Errors
    ///
    /// As [`store`](Self::store), and what the runtime says.
    pub async fn start(&self) -> crate::Result<Arc<Runtime>> {
        let builder = Runtime::builder().store(self.store("store.redb")?);
        Ok(builder.data(self.clone()).start().await?)
    }

    /// The text of a file; empty if there is none.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn read(&self, name: impl AsRef<Path>) -> Result<String, String> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read.map_err(|error| in_words(&path, &error)),
        }
    }

    /// Writes a file so that it is there as a whole or not at all.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn replace(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<(), String> {
        let path = self.path(name);
        replace(&path, bytes.as_ref()).map_err(|error| in_words(&path, &error))
    }

    /// Adds a line to a file that only grows, in one write.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn append(&self, name: impl AsRef<Path>, line: &str) -> Result<(), String> {
        let path = self.path(name);
        append(&path, line).map_err(|error| in_words(&path, &error))
    }

    /// Adds the line `KEY,LINE` unless one with that key is there: done twice is done once.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn append_once(&self, name: impl AsRef<Path>, key: &str, line: &str) -> Result<(), String> {
        let start = format!("{key},");
        let written = self.read(&name)?;
        if written.lines().any(|line| line.starts_with(&start)) {
            return Ok(());
        }
        self.append(name, &format!("{start}{line}"))
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}

fn in_words(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}
