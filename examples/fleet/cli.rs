//! The command line: asks the service, and prints what it says.

use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;

use crate::asking::{Asking, Failure};
use crate::create::{Outcome, Settings};
use crate::server::Name;
use crate::views::{Listed, Operation, Phase, Prune, View, Wanted};

/// What can be asked of a service.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a server, or several at once, and waits until they are ready.
    Create {
        /// Lower-case letters, digits and hyphens.
        #[arg(required = true)]
        names: Vec<Name>,
        /// How many connections each of them takes.
        #[arg(long)]
        max_connections: Option<u32>,
        /// Does not wait: prints the operation, for `wait`.
        #[arg(long)]
        detach: bool,
    },
    /// Lists the servers.
    List,
    /// Shows each change of a server until it is gone.
    Watch { name: Name },
    /// Deletes a server with all its data, and waits until it is gone.
    Delete { name: Name },
    /// Waits for the end of an operation.
    Wait { operation: String },
    /// Lists what was asked for and is not forgotten.
    Operations,
    /// Forgets what has ended.
    Prune {
        /// Only what ended at least so many seconds ago.
        #[arg(long = "older-than", default_value_t = 3600)]
        older_than_seconds: u64,
    },
}

/// Does what was asked for; the lines go to `print`.
pub(crate) async fn run(
    command: Command,
    service: &Asking,
    print: fn(&str),
) -> Result<(), Failure> {
    match command {
        Command::Create {
            names,
            max_connections,
            detach,
        } => {
            let settings = Settings { max_connections };
            let wanted = names.into_iter().map(|name| Wanted {
                name,
                settings: settings.clone(),
            });
            create(service, wanted.collect(), detach, print).await
        }
        Command::List => {
            let views: Vec<View> = service.get("/servers").await?;
            for view in &views {
                print(&line(view));
            }
            Ok(())
        }
        Command::Watch { name } => watch(service, &name, print).await,
        Command::Delete { name } => {
            let accepted = service.delete(&format!("/servers/{name}")).await?;
            wait(service, &accepted.operation).await?;
            print(&format!("{name} is deleted"));
            Ok(())
        }
        Command::Wait { operation } => {
            print(&wait(service, &operation).await?.to_string());
            Ok(())
        }
        Command::Operations => {
            let listed: Vec<Listed> = service.get("/operations").await?;
            for Listed {
                id,
                does,
                phase,
                doing,
            } in listed
            {
                let doing = doing.unwrap_or_default();
                print(&format!("{id:<44} {does:<16} {phase:<10} {doing}"));
            }
            Ok(())
        }
        Command::Prune { older_than_seconds } => {
            let accepted = service
                .post("/prune", &Prune { older_than_seconds })
                .await?;
            let forgotten = wait(service, &accepted.operation).await?;
            print(&format!("{forgotten} operations are forgotten"));
            Ok(())
        }
    }
}

/// One server is an operation, several are one with a child for each.
async fn create(
    service: &Asking,
    wanted: Vec<Wanted>,
    detach: bool,
    print: fn(&str),
) -> Result<(), Failure> {
    let many = wanted.len() > 1;
    let accepted = match wanted.as_slice() {
        [wanted] => service.post("/servers", wanted).await?,
        wanted => service.post("/servers/bulk", &wanted).await?,
    };
    if detach {
        print(&accepted.operation);
        return Ok(());
    }
    let result = wait(service, &accepted.operation).await?;
    let outcomes = if many {
        read::<Vec<Outcome>>(result)?
    } else {
        vec![Outcome::made(read(result)?)]
    };
    let views: Vec<View> = service.get("/servers").await?;
    let mut problems = Vec::new();
    for Outcome { name, problem, .. } in outcomes {
        let view = views.iter().find(|view| view.name == name);
        match (problem, view) {
            (Some(problem), _) => problems.push(format!("{name}: {problem}")),
            (None, Some(view)) => print(&format!("{name} is ready: psql \"{}\"", view.connect)),
            (None, None) => print(&format!("{name} was made, and is gone again")),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::Refused(problems.join("\n")))
}

/// Asks again and again: each question waits a while for its answer.
async fn wait(service: &Asking, id: &str) -> Result<Value, Failure> {
    loop {
        let operation: Operation = service.get(&format!("/operations/{id}")).await?;
        match operation.phase {
            Phase::Running => {}
            Phase::Done => return Ok(operation.result),
            Phase::Failed => return Err(Failure::Refused(operation.error.unwrap_or_default())),
        }
    }
}

async fn watch(service: &Asking, name: &Name, print: fn(&str)) -> Result<(), Failure> {
    let mut view: View = service.get(&format!("/servers/{name}")).await?;
    print(&line(&view));
    loop {
        let View {
            instance, version, ..
        } = &view;
        let path = format!("/servers/{name}/watch?instance={instance}&version={version}");
        let next: View = match service.get(&path).await {
            Err(Failure::NotFound(_)) => {
                print(&format!("{name} is gone"));
                return Ok(());
            }
            // It may be started again meanwhile: a watch is there to last.
            Err(Failure::NoService(_)) => {
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            }
            answer => answer?,
        };
        if next.state != view.state {
            print(&line(&next));
        }
        view = next;
    }
}

fn line(view: &View) -> String {
    format!(
        "{:<20} {:<6} {}",
        view.name.to_string(),
        view.port,
        view.state
    )
}

fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(|error| Failure::odd(&error.to_string()))
}
