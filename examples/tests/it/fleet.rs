//! The fleet, with real servers. Needs PostgreSQL's programs; says so when they are not there.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Ended, Process};

/// A fleet in a folder of its own. Whatever becomes of the test, no server is left behind.
#[derive(Debug)]
struct World {
    folder: TempDir,
    port: u16,
    ports: u16,
}

impl World {
    /// Nothing if PostgreSQL is not installed here.
    fn new() -> Option<Self> {
        let folder = TempDir::with_prefix("fleet-").unwrap();
        // PostgreSQL's programs may run as somebody else.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let world = Self {
            folder,
            port: free_port(),
            ports: free_port(),
        };
        // A service that finds no programs ends with words; one that finds them says where it listens.
        let mut service = world.serve();
        if service.until_line(1) {
            service.kill();
            return Some(world);
        }
        let said = service.end().stderr;
        assert!(said.contains("PostgreSQL's programs"), "{said}");
        // Past the test harness, which shows no words of tests that pass.
        let words = format!("SKIPPED: a test of the example `fleet`, because {said}");
        std::io::stderr().write_all(words.as_bytes()).unwrap();
        None
    }

    fn serve(&self) -> Process {
        let ports = self.ports.to_string();
        let mut args = vec!["serve", "--folder", "fleet", "--check-every", "200"];
        args.extend(["--ports", ports.as_str()]);
        self.process("service", &args)
    }

    fn ask(&self, args: &[&str]) -> Ended {
        self.process("asked", args).end()
    }

    /// Each kind of process has a folder of its own for what it says.
    fn process(&self, kind: &str, args: &[&str]) -> Process {
        let folder = self.folder.path().join(kind);
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let port = self.port.to_string();
        let mut all = vec!["--port", port.as_str()];
        all.extend(args);
        Process::start("fleet", &folder, &all)
    }

    fn servers(&self) -> PathBuf {
        self.folder.path().join("service/fleet/servers")
    }

    /// The folders of the servers that are there.
    fn there(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.servers()).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for server in fs::read_dir(self.servers()).into_iter().flatten().flatten() {
            if let Some(pid) = pid(&server.path()) {
                let _ = Command::new("kill").args(["-QUIT", &pid]).status();
            }
        }
    }
}

/// The process of a server, as its own file says.
fn pid(server: &Path) -> Option<String> {
    let text = fs::read_to_string(server.join("data/postmaster.pid")).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Lets a process speak until a line has these words in it.
fn until(process: &mut Process, words: &str) {
    let mut lines = 1;
    while process.until_line(lines) {
        if process.line(lines).contains(words) {
            return;
        }
        lines += 1;
    }
    panic!("it ended without `{words}`");
}

#[test]
fn servers_come_are_kept_alive_and_go() {
    let Some(world) = World::new() else { return };
    let mut service = world.serve();
    until(&mut service, "listening on http://127.0.0.1:");
    assert_eq!(world.ask(&["list"]).well(), [""; 0]);

    let made = world.ask(&["create", "shop", "blog"]).well();
    let ready = |name: &str| {
        made.iter()
            .any(|line| line.starts_with(&format!("{name} is ready: psql")))
    };
    assert!(ready("shop") && ready("blog"), "{made:?}");
    assert_eq!(world.there().len(), 2);

    let refused = world.ask(&["create", "shop"]);
    assert!(
        refused.stderr.contains("a server named `shop` already"),
        "{refused:?}"
    );
    let refused = world.ask(&["create", "../etc"]);
    assert!(
        refused.stderr.contains("is no name for a server"),
        "{refused:?}"
    );

    let mut watch = world.process("watch", &["watch", "shop"]);
    until(&mut watch, "ready: PostgreSQL");
    let folder = world.there();
    let shop = folder
        .iter()
        .find(|folder| folder.to_string_lossy().contains("/shop-"))
        .unwrap();
    let killed = pid(shop).unwrap();
    assert!(
        Command::new("kill")
            .args(["-QUIT", &killed])
            .status()
            .unwrap()
            .success()
    );
    until(&mut watch, "was started again");
    assert_ne!(pid(shop).unwrap(), killed);

    assert_eq!(world.ask(&["delete", "shop"]).well(), ["shop is deleted"]);
    until(&mut watch, "shop is gone");
    assert!(!shop.exists());
    let left = world.ask(&["list"]).well();
    assert!(left.len() == 1 && left[0].starts_with("blog "), "{left:?}");

    let before = world.ask(&["operations"]).well();
    assert!(
        before.iter().any(|line| line.contains("delete_server")),
        "{before:?}"
    );
    let pruned = world.ask(&["prune", "--older-than", "0"]).well();
    assert!(
        pruned[0].ends_with("operations are forgotten"),
        "{pruned:?}"
    );
    let after = world.ask(&["operations"]).well();
    assert!(
        after.iter().all(|line| !line.contains("delete_server")),
        "{after:?}"
    );
    assert!(
        after.iter().any(|line| line.contains("keep_server")),
        "{after:?}"
    );

    // A name that was deleted is free again.
    assert!(world.ask(&["create", "shop"]).well()[0].starts_with("shop is ready"));
    for name in ["shop", "blog"] {
        world.ask(&["delete", name]).well();
    }
    assert_eq!(world.there().len(), 0);
}

#[test]
fn nothing_is_left_of_a_server_that_cannot_start() {
    let Some(world) = World::new() else { return };
    let mut service = world.serve();
    assert!(service.until_line(1));
    // More than PostgreSQL takes: its files are made, and then it does not start.
    let failed = world.ask(&["create", "huge", "--max-connections", "999999999"]);
    assert!(!failed.status.success());
    assert!(
        failed.stderr.contains("`pg_ctl start` failed"),
        "{failed:?}"
    );
    assert!(failed.stderr.contains("max_connections"), "{failed:?}");
    assert_eq!(world.there().len(), 0);
    assert_eq!(world.ask(&["list"]).well(), [""; 0]);
    let operations = world.ask(&["operations"]).well();
    let create = operations
        .iter()
        .find(|line| line.contains("create_server"));
    assert!(create.unwrap().contains("Failed"), "{operations:?}");
}

#[test]
fn a_service_that_is_killed_in_the_middle_of_creating_goes_on() {
    let Some(world) = World::new() else { return };
    let mut service = world.serve();
    assert!(service.until_line(1));
    let operation = world.ask(&["create", "shop", "--detach"]).well().remove(0);
    // `initdb` is at work, or has just been.
    let begun =
        |server: &PathBuf| server.join("unfinished-1").exists() || server.join("data").exists();
    while !world.there().iter().any(begun) {
        assert!(service.for_a_while(Duration::from_millis(5)));
    }
    assert_eq!(service.kill().signal(), Some(9));

    let mut service = world.serve();
    assert!(service.until_line(1));
    let result = world.ask(&["wait", &operation]).well();
    assert!(result[0].contains(r#""name":"shop""#), "{result:?}");
    let mut watch = world.process("watch", &["watch", "shop"]);
    until(&mut watch, "ready: PostgreSQL");

    // And in the middle of deleting: the server is stopped, its files are there or have just been.
    let folder = world.there().remove(0);
    let _deletion = world.process("deletion", &["delete", "shop"]);
    while pid(&folder).is_some() {
        assert!(service.for_a_while(Duration::from_millis(5)));
    }
    service.kill();
    let mut service = world.serve();
    assert!(service.until_line(1));
    until(&mut watch, "shop is gone");
    assert_eq!(world.there().len(), 0);
}

#[test]
fn a_creation_that_is_not_wanted_any_more_is_undone() {
    let Some(world) = World::new() else { return };
    let mut service = world.serve();
    assert!(service.until_line(1));
    let operation = world.ask(&["create", "shop", "--detach"]).well().remove(0);
    let record = world.folder.path().join("service/fleet/records/shop.json");
    while !record.exists() {
        assert!(service.for_a_while(Duration::from_millis(5)));
    }
    assert_eq!(world.ask(&["delete", "shop"]).well(), ["shop is deleted"]);
    let cancelled = world.ask(&["wait", &operation]);
    assert!(
        cancelled.stderr.contains("its server is deleted"),
        "{cancelled:?}"
    );
    assert_eq!(world.there().len(), 0);
    assert_eq!(world.ask(&["list"]).well(), [""; 0]);
}
