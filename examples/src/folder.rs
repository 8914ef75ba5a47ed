//! The work folder. Everything in it is written so that a crash in the middle leaves nothing half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
        opened.map_err(|error| format!("{}: {}", file.display(), crate::with_causes(&error)))
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

    /// Adds the line `KEY,LINE` unless one with that key is there: done twice is done once. To be called
    /// by one at a time.
    ///
    /// # Errors
    ///
    /// What the file system says.
    pub fn append_once(&self, name: impl AsRef<Path>, key: &str, line: &str) -> Result<(), String> {
        let start = format!("{key},");
        let path = self.path(&name);
        if has_line(&path, &start).map_err(|error| in_words(&path, &error))? {
            return Ok(());
        }
        self.append(name, &format!("{start}{line}"))
    }
}

/// How many files this process has replaced.
static REPLACED: AtomicU64 = AtomicU64::new(0);

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Its own name: another run of the same activity may be at the same place at the same time.
    let number = REPLACED.fetch_add(1, Ordering::Relaxed);
    let unfinished = path.with_extension(format!("{}-{number}.unfinished", std::process::id()));
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

/// Whether a line of the file begins like that. Line by line: the file may be large. What a crash
/// left of a line that was not written to its end is cut off.
fn has_line(path: &Path, start: &str) -> io::Result<bool> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    let mut lines = BufReader::new(&file);
    let (mut line, mut whole) = (Vec::new(), 0);
    while lines.read_until(b'\n', &mut line)? > 0 {
        if !line.ends_with(b"\n") {
            file.set_len(whole)?;
            break;
        }
        if line.starts_with(start.as_bytes()) {
            return Ok(true);
        }
        whole += line.len() as u64;
        line.clear();
    }
    Ok(false)
}

fn in_words(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_crash_left_half_was_not_written() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::create(place.path().to_owned()).unwrap();
        fs::write(folder.path("a.csv"), "1,lamp\n2,cha").unwrap();
        for _ in 0..2 {
            folder.append_once("a.csv", "2", "chair").unwrap();
            assert_eq!(folder.read("a.csv").unwrap(), "1,lamp\n2,chair\n");
        }
    }

    #[test]
    fn two_who_write_the_same_file_do_not_disturb_each_other() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::create(place.path().to_owned()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        folder.replace("a.txt", "all of it").unwrap();
                        assert_eq!(folder.read("a.txt").unwrap(), "all of it");
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
