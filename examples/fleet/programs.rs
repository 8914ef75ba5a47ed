//! PostgreSQL's own programs: where they are, and as whom they run. Nothing here knows what a
//! server is.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::problem::Problem;

/// What has to lie in one folder.
const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];
/// Accounts without rights of their own, the fitting one first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// PostgreSQL as it is installed here.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root. If this process does, its programs run as this one.
    user: Option<User>,
}

#[derive(Clone, Debug)]
struct User {
    name: String,
    uid: u32,
    gid: u32,
}

impl Programs {
    /// Looks for the programs: in the folder that was given, or else in `PATH` and where packages
    /// put them, the newest version first. `we` is the user that this process runs as.
    pub(crate) fn find(given: Option<PathBuf>, we: u32) -> Result<Self, String> {
        let folders = given.map_or_else(places, |folder| vec![folder]);
        let complete = |folder: &PathBuf| NEEDED.iter().all(|name| folder.join(name).is_file());
        let Some(folder) = folders.into_iter().find(complete) else {
            return Err(format!(
                "PostgreSQL's programs ({}) are not here: install them (Debian, Ubuntu: `apt-get \
                 install postgresql`; Fedora: `dnf install postgresql-server`; macOS: `brew install \
                 postgresql`), or say where they are with `--programs FOLDER`",
                NEEDED.join(", ")
            ));
        };
        let user = if we == 0 {
            Some(User::unprivileged()?)
        } else {
            None
        };
        Ok(Self { folder, user })
    }

    /// Fails if the programs cannot use files below this folder.
    pub(crate) async fn check_access(&self, folder: &Path) -> Result<(), String> {
        let Some(user) = &self.user else {
            return Ok(());
        };
        let mut look = Command::new("ls");
        look.arg(folder).uid(user.uid).gid(user.gid);
        let looked = look.stdin(Stdio::null()).output().await;
        if looked.is_ok_and(|output| output.status.success()) {
            return Ok(());
        }
        Err(format!(
            "PostgreSQL does not run as root, so it runs as `{}` here, who cannot reach `{}`: choose \
             another place with `--folder`, /var/tmp/fleet for instance, or do not serve as root",
            user.name,
            folder.display()
        ))
    }

    /// Makes a folder or file belong to whom the programs run as.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Problem> {
        let Some(user) = &self.user else {
            return Ok(());
        };
        chown(path, Some(user.uid), Some(user.gid))
            .map_err(Problem::files(format!("give away `{}`", path.display())))
    }

    /// Runs a program to its end and gives what it printed. It is killed if nobody waits any more.
    pub(crate) async fn run(
        &self,
        program: &str,
        at: &Path,
        arguments: impl FnOnce(&mut Command),
    ) -> Result<String, Problem> {
        let mut command = Command::new(self.folder.join(program));
        // Messages are matched by nobody, but read by people: one language for all.
        command.env("LC_ALL", "C").current_dir(at);
        command.stdin(Stdio::null()).kill_on_drop(true);
        if let Some(user) = &self.user {
            command.uid(user.uid).gid(user.gid);
        }
        arguments(&mut command);
        let run = command.output().await;
        let output = run.map_err(Problem::files(format!("run `{program}`")))?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            return Ok(said.trim().to_owned());
        }
        let complained = String::from_utf8_lossy(&output.stderr);
        let said = [complained.trim(), said.trim()].join("\n");
        Err(Problem::Program {
            program: program.to_owned(),
            said: said.trim().to_owned(),
        })
    }
}

impl User {
    fn unprivileged() -> Result<Self, String> {
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = |name: &&str| accounts.lines().find_map(|line| Self::read(line, name));
        UNPRIVILEGED.iter().find_map(account).ok_or_else(|| {
            "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to \
             run it as: serve as an ordinary user"
                .to_owned()
        })
    }

    /// A line `name:password:uid:gid:..`.
    fn read(line: &str, wanted: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| *name == wanted)?.to_owned();
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Self { name, uid, gid })
    }
}

/// Where the programs may lie.
fn places() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<(u32, PathBuf)> = Vec::new();
    for versioned in ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt"] {
        for entry in fs::read_dir(versioned).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let digits = name.trim_start_matches("postgresql@");
            if let Ok(version) = digits.parse() {
                versions.push((version, entry.path().join("bin")));
            }
        }
    }
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    places.extend(versions.into_iter().map(|(_, folder)| folder));
    places.push(PathBuf::from("/usr/local/pgsql/bin"));
    places
}
