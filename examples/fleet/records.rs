//! Which names and ports are taken: one small file for each name. It is what an activity reads and
//! writes, as it would in a database; the histories do not depend on it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::server::{Name, Server, ServerId};

/// A server, and which instance has made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) server: Server,
    pub(crate) creation: String,
    /// Whether it was handed over to its keeper.
    pub(crate) kept: bool,
}

/// The records below one folder.
#[derive(Debug)]
pub(crate) struct Records {
    folder: PathBuf,
    ports: (u16, u16),
    /// One at a time looks and writes; the files belong to this process alone.
    one_at_a_time: Mutex<()>,
}

impl Records {
    pub(crate) fn new(folder: PathBuf, ports: (u16, u16)) -> Self {
        Self {
            folder,
            ports,
            one_at_a_time: Mutex::new(()),
        }
    }

    /// Takes the name, and the first port that nobody has. Done twice by one instance it is done
    /// once.
    pub(crate) fn claim(
        &self,
        name: &Name,
        id: &ServerId,
        creation: &str,
    ) -> Result<Server, Problem> {
        let _one_at_a_time = self
            .one_at_a_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let all = self.all()?;
        if let Some(taken) = all.iter().find(|record| record.server.name == *name) {
            let ours = taken.server.id == *id;
            let taken = || Problem::Taken(name.clone());
            return ours
                .then(|| taken_server(&all, id))
                .flatten()
                .ok_or_else(taken);
        }
        let (first, last) = self.ports;
        let free = |port: &u16| {
            all.iter().all(|record| record.server.port != *port)
                && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
        };
        let port = (first..=last).find(free);
        let server = Server {
            id: id.clone(),
            name: name.clone(),
            port: port.ok_or(Problem::NoPort { first, last })?,
        };
        let creation = creation.to_owned();
        let kept = false;
        self.write(&Record {
            server: server.clone(),
            creation,
            kept,
        })?;
        Ok(server)
    }

    /// From now on its keeper answers for it.
    pub(crate) fn hand_over(&self, server: &Server) -> Result<(), Problem> {
        let _one_at_a_time = self
            .one_at_a_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match self.find(&server.name)? {
            Some(record) if record.server == *server => self.write(&Record {
                kept: true,
                ..record
            }),
            _ => Err(Problem::Step(format!(
                "the record of `{}` is gone",
                server.id
            ))),
        }
    }

    /// Gives name and port free, if it is this server that has them.
    pub(crate) fn release(&self, name: &Name, id: &ServerId) -> Result<(), Problem> {
        let _one_at_a_time = self
            .one_at_a_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self
            .find(name)?
            .is_none_or(|record| record.server.id != *id)
        {
            return Ok(());
        }
        fs::remove_file(self.path(name)).map_err(Problem::files("remove a record"))
    }

    pub(crate) fn find(&self, name: &Name) -> Result<Option<Record>, Problem> {
        let text = match fs::read_to_string(self.path(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(Problem::files("read a record"))?,
        };
        let record = serde_json::from_str(&text);
        record
            .map(Some)
            .map_err(|error| Problem::files(format!("read the record of `{name}`"))(error.into()))
    }

    /// All of them, in the order of their names.
    pub(crate) fn all(&self) -> Result<Vec<Record>, Problem> {
        let mut all = Vec::new();
        let entries = fs::read_dir(&self.folder).map_err(Problem::files("read the records"))?;
        for entry in entries {
            let entry = entry.map_err(Problem::files("read the records"))?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let name = file
                .strip_suffix(".json")
                .and_then(|name| name.parse().ok());
            if let Some(name) = name {
                all.extend(self.find(&name)?);
            }
        }
        all.sort_by(|a, b| a.server.name.cmp(&b.server.name));
        Ok(all)
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// There as a whole or not at all.
    fn write(&self, record: &Record) -> Result<(), Problem> {
        let path = self.path(&record.server.name);
        let unfinished = path.with_extension("unfinished");
        let text =
            serde_json::to_string(record).map_err(|error| Problem::Step(error.to_string()))?;
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written
            .and_then(|()| fs::rename(unfinished, path))
            .map_err(Problem::files("write a record"))
    }
}

fn taken_server(all: &[Record], id: &ServerId) -> Option<Server> {
    let servers = all.iter().map(|record| &record.server);
    servers.into_iter().find(|server| server.id == *id).cloned()
}
