//! A disk that is soon full: some memory of the system, mounted where only one process sees it.
//! Neither root nor a place in the tree of everybody is needed for that where the system gives
//! namespaces to users.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Gone when dropped, with all that is on it.
#[derive(Debug)]
pub(super) struct SmallDisk {
    /// Has the disk in its tree, where others reach it too.
    keeper: Child,
    place: TempDir,
}

/// With the rights of a user, else with those of root.
const NAMESPACES: [&[&str]; 2] = [&["--user", "--map-root-user", "--mount"], &["--mount"]];

impl SmallDisk {
    /// Makes one of so many KiB.
    pub(super) fn mount(kib: usize) -> Result<Self, String> {
        let mut problems = Vec::new();
        for namespace in NAMESPACES {
            match Self::mount_in(namespace, kib) {
                Ok(disk) => return Ok(disk),
                Err(problem) => problems.push(problem.trim().to_owned()),
            }
        }
        Err(problems.join("; "))
    }

    fn mount_in(namespace: &[&str], kib: usize) -> Result<Self, String> {
        let place = TempDir::with_prefix("small-disk-").unwrap();
        let script = format!(
            "mount -t tmpfs -o size={kib}k,mode=0700 duroxide \"$0\" && echo mounted && read line"
        );
        let mut keeper = Command::new("unshare")
            .args(namespace)
            .args(["sh", "-c", &script])
            .arg(place.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`unshare`: {error}"))?;
        let (mut said, mut complaint) = (String::new(), String::new());
        let stdout = keeper.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut said).unwrap();
        if said != "mounted\n" {
            let stderr = keeper.stderr.as_mut().unwrap();
            stderr.read_to_string(&mut complaint).unwrap();
            keeper.wait().unwrap();
            return Err(complaint);
        }
        let disk = Self { keeper, place };
        let reached = fs::metadata(disk.path("."));
        reached.map_err(|error| format!("it cannot be reached: {error}"))?;
        Ok(disk)
    }

    /// Where something on it is found.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        let place = self.place.path().strip_prefix("/").unwrap();
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(place).join(name)
    }

    /// Leaves no more room than that.
    pub(super) fn fill(&self, left: usize) {
        let mut ballast = File::create(self.path("ballast")).unwrap();
        let mut length = 0;
        loop {
            match ballast.write(&[7; 4096]) {
                Ok(written) => length += written,
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
        ballast.set_len(length.saturating_sub(left) as u64).unwrap();
    }

    pub(super) fn make_room(&self) {
        match fs::remove_file(self.path("ballast")) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed.unwrap(),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Both fail if it has ended, which is as well.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
