//! One PostgreSQL server and its files. Everything here may be done twice, or be cut off in the
//! middle by the end of the process, without harm.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::problem::Problem;
use crate::programs::Programs;
use crate::server::{Server, ServerId};

/// How many lines of a log are worth showing.
const LAST_LINES: usize = 3;

/// The servers below one folder.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    servers: PathBuf,
    programs: Programs,
}

impl Postgres {
    pub(crate) fn new(servers: PathBuf, programs: Programs) -> Self {
        Self { servers, programs }
    }

    /// Makes the files of a server. Each try has a folder of its own, which is renamed when it is
    /// complete: an `initdb` that a killed process left behind may still write to its folder.
    pub(crate) async fn init(&self, server: &Server, settings: &str) -> Result<(), Problem> {
        let folder = self.folder(&server.id);
        if folder.join("data").exists() {
            return Ok(());
        }
        self.make_folder(&folder)?;
        let password = self.write_password(&folder, server)?;
        let unfinished = self.make_new_folder(&folder)?;
        let init = self.programs.run("initdb", &folder, |command| {
            command
                .arg("-D")
                .arg(&unfinished)
                .arg("--pwfile")
                .arg(&password);
            command.args(["--username", "postgres", "--auth", "scram-sha-256"]);
            command.args(["--encoding", "UTF8", "--locale", "C"]);
        });
        init.await?;
        let mut own = format!("\nport = {}\n", server.port);
        // Reached over loopback only: there is no socket in a folder that others can see either.
        own.push_str("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n");
        own.push_str(settings);
        let configuration = OpenOptions::new()
            .append(true)
            .open(unfinished.join("postgresql.conf"));
        configuration
            .and_then(|mut file| file.write_all(own.as_bytes()))
            .map_err(Problem::files("write `postgresql.conf`"))?;
        fs::rename(unfinished, folder.join("data")).map_err(Problem::files("rename the data"))
    }

    /// Starts a server unless it runs.
    pub(crate) async fn start(&self, server: &Server) -> Result<(), Problem> {
        if self.runs(&server.id).await {
            return Ok(());
        }
        let folder = self.folder(&server.id);
        let started = self.programs.run("pg_ctl", &folder, |command| {
            command.args(["start", "-w", "-t", "30", "-D", "data", "-l", "log"]);
        });
        match started.await {
            Ok(_) => Ok(()),
            Err(_) => Err(Problem::Program {
                program: "pg_ctl start".to_owned(),
                said: last_lines(&folder.join("log")),
            }),
        }
    }

    /// Stops a server; one that does not run is stopped already.
    pub(crate) async fn stop(&self, id: &ServerId) -> Result<(), Problem> {
        if !self.runs(id).await {
            return Ok(());
        }
        let stop = |mode: &'static str| {
            self.programs.run("pg_ctl", &self.servers, move |command| {
                command
                    .args(["stop", "-w", "-t", "20", "-m", mode])
                    .arg("-D")
                    .arg(self.data(id));
            })
        };
        if stop("fast").await.is_err() && self.runs(id).await {
            stop("immediate").await?;
        }
        Ok(())
    }

    /// Asks a server a question, as its users do, and gives the version that it answers.
    pub(crate) async fn ask(&self, server: &Server) -> Result<String, Problem> {
        let folder = self.folder(&server.id);
        let asked = self.programs.run("psql", &self.servers, |command| {
            let connect = connect(server, &folder);
            command.args([
                "-X",
                "-A",
                "-t",
                "-w",
                "-c",
                "show server_version",
                &connect,
            ]);
        });
        let version = asked.await?;
        // "15.14 (Debian 15.14-0+deb12u1)": what is in parentheses is for packagers.
        Ok(version.split(' ').next().unwrap_or_default().to_owned())
    }

    /// Removes all files of a server.
    pub(crate) fn remove(&self, id: &ServerId) -> Result<(), Problem> {
        match fs::remove_dir_all(self.folder(id)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Problem::files(format!("remove the files of `{id}`"))(error))
            }
            _ => Ok(()),
        }
    }

    /// What `psql` takes to reach a server. It names the file with the password, not the password.
    pub(crate) fn connect(&self, server: &Server) -> String {
        connect(server, &self.folder(&server.id))
    }

    async fn runs(&self, id: &ServerId) -> bool {
        let data = self.data(id);
        let status = self.programs.run("pg_ctl", &self.servers, |command| {
            command.args(["status", "-D"]).arg(data);
        });
        status.await.is_ok()
    }

    /// The folder of a server. An id has neither dots nor slashes in it.
    fn folder(&self, id: &ServerId) -> PathBuf {
        self.servers.join(id.to_string())
    }

    fn data(&self, id: &ServerId) -> PathBuf {
        self.folder(id).join("data")
    }

    fn make_folder(&self, folder: &Path) -> Result<(), Problem> {
        fs::create_dir_all(folder).map_err(Problem::files("make a folder"))?;
        let private = fs::set_permissions(folder, Permissions::from_mode(0o700));
        private.map_err(Problem::files("make a folder private"))?;
        self.programs.own(folder)
    }

    /// The first of `unfinished-1`, `unfinished-2`, .. that is not there yet.
    fn make_new_folder(&self, folder: &Path) -> Result<PathBuf, Problem> {
        let mut number = 1;
        loop {
            let new = folder.join(format!("unfinished-{number}"));
            match fs::create_dir(&new) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                made => {
                    made.map_err(Problem::files("make a folder"))?;
                    self.programs.own(&new)?;
                    return Ok(new);
                }
            }
        }
    }

    /// Draws a password that only files know: histories, logs and command lines never see it.
    fn write_password(&self, folder: &Path, server: &Server) -> Result<PathBuf, Problem> {
        let (password, pass) = (folder.join("password"), folder.join("pgpass"));
        if pass.exists() {
            return Ok(password);
        }
        let mut random = [0; 16];
        let drawn =
            fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut random));
        drawn.map_err(Problem::files("draw a password"))?;
        let mut text = String::new();
        for byte in random {
            let _ = write!(text, "{byte:02x}");
        }
        self.write_private(&password, &text)?;
        let line = format!("127.0.0.1:{}:*:postgres:{text}\n", server.port);
        self.write_private(&pass, &line)?;
        Ok(password)
    }

    fn write_private(&self, path: &Path, text: &str) -> Result<(), Problem> {
        let unfinished = path.with_extension("unfinished");
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&unfinished);
        file.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(Problem::files("write a password"))?;
        self.programs.own(&unfinished)?;
        fs::rename(&unfinished, path).map_err(Problem::files("write a password"))
    }
}

fn connect(server: &Server, folder: &Path) -> String {
    format!(
        "host=127.0.0.1 port={} user=postgres dbname=postgres passfile={}",
        server.port,
        folder.join("pgpass").display()
    )
}

fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    lines.get(from..).unwrap_or_default().join("; ")
}
