//! The work folder. Everything in it is written so that a crash in the middle leaves nothing half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::order::Order;

/// Where the files of one run lie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn create(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(path.join("receipts"))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// The list of orders; a made-up one is written first if there is none.
    pub(crate) fn orders(&self, made_up: u32) -> Result<Vec<Order>, Box<dyn std::error::Error>> {
        let list = self.path("orders.csv");
        if !list.exists() {
            let lines: Vec<String> = (1..=made_up).map(|n| Order::made_up(n).line()).collect();
            self.replace("orders.csv", &lines.join("\n"))?;
        }
        let text = fs::read_to_string(list)?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        Ok(lines.map(str::parse).collect::<Result<_, String>>()?)
    }

    /// Writes a file so that it is there as a whole or not at all.
    pub(crate) fn replace(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.path(name);
        let unfinished = path.with_extension("unfinished");
        let mut file = File::create(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(unfinished, path)
    }

    /// Adds a line to a file that only grows, in one write.
    pub(crate) fn append(&self, name: &str, line: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path(name))?;
        file.write_all(format!("{line}\n").as_bytes())?;
        file.sync_all()
    }

    /// Adds a line unless one with that key is there: done twice is done once.
    pub(crate) fn append_once(&self, name: &str, key: &str, line: &str) -> io::Result<()> {
        let start = format!("{key},");
        let written = self.read(name)?;
        if written.lines().any(|line| line.starts_with(&start)) {
            return Ok(());
        }
        self.append(name, &format!("{start}{line}"))
    }

    pub(crate) fn sales(&self) -> io::Result<usize> {
        Ok(self.read("ledger.csv")?.lines().count())
    }

    fn read(&self, name: &str) -> io::Result<String> {
        match fs::read_to_string(self.path(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }
}
