//! One thread that commits for all who wait: whatever has come while it was at the disk is the next
//! group.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use redb::{Database, Durability, Table, TableDefinition, WriteTransaction};
use tokio::sync::oneshot;

use crate::Outcome;

/// (instance, execution, first event)
const HISTORY: Definition<(u64, u64, u64)> = TableDefinition::new("history");
/// (sequence, instance)
const INBOX: Definition<(u64, u64)> = TableDefinition::new("inbox");
/// (sequence, instance, execution, event)
const ACTIVITIES: Definition<(u64, u64, u64, u64)> = TableDefinition::new("activities");

type Definition<K> = TableDefinition<'static, K, &'static [u8]>;

/// What a row of ours has without payloads.
const ROW: [u8; 120] = [0x5a; 120];
/// As many as a group of the store.
const MOST: usize = 512;

/// One operation: a message goes, three rows of history come, and so do a message and an activity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    pub(super) instance: u64,
    /// How many operations this instance had before.
    pub(super) turn: u64,
    /// Of this operation among all.
    pub(super) number: u64,
    /// The operation whose message goes.
    pub(super) before: Option<u64>,
}

struct Request {
    operation: Operation,
    done: oneshot::Sender<()>,
}

/// Hands operations to the writer.
#[derive(Clone)]
pub(super) struct Writer(Sender<Request>);

impl Writer {
    /// Begins to write. The thread ends with the last of these handles.
    pub(super) fn start(
        database: Database,
        durability: Durability,
    ) -> (Self, JoinHandle<Outcome<()>>) {
        let (sender, requests) = channel();
        let thread = thread::spawn(move || write_all(&database, durability, &requests));
        (Self(sender), thread)
    }

    /// Comes back when the operation is committed.
    pub(super) async fn commit(&self, operation: Operation) -> Outcome<()> {
        let (done, committed) = oneshot::channel();
        let request = Request { operation, done };
        self.0.send(request).map_err(|_gone| "the writer ended")?;
        Ok(committed.await?)
    }
}

fn write_all(
    database: &Database,
    durability: Durability,
    requests: &Receiver<Request>,
) -> Outcome<()> {
    while let Ok(first) = requests.recv() {
        let group: Vec<Request> = std::iter::once(first)
            .chain(requests.try_iter().take(MOST - 1))
            .collect();
        let mut transaction = database.begin_write()?;
        transaction.set_durability(durability)?;
        Tables::open(&transaction)?.apply(&group)?;
        transaction.commit()?;
        for request in group {
            // Who does not wait any more does not need to know.
            let _ = request.done.send(());
        }
    }
    Ok(())
}

struct Tables<'t> {
    history: Table<'t, (u64, u64, u64), &'static [u8]>,
    inbox: Table<'t, (u64, u64), &'static [u8]>,
    activities: Table<'t, (u64, u64, u64, u64), &'static [u8]>,
}

impl<'t> Tables<'t> {
    fn open(transaction: &'t WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            history: transaction.open_table(HISTORY)?,
            inbox: transaction.open_table(INBOX)?,
            activities: transaction.open_table(ACTIVITIES)?,
        })
    }

    fn apply(&mut self, group: &[Request]) -> Outcome<()> {
        for Request { operation, .. } in group {
            let Operation {
                instance,
                turn,
                number,
                before,
            } = *operation;
            if let Some(before) = before {
                self.inbox.remove((before, instance))?;
            }
            for event in 3 * turn..3 * turn + 3 {
                self.history.insert((instance, 1, event), ROW.as_slice())?;
            }
            self.inbox.insert((number, instance), ROW.as_slice())?;
            let activity = (number, instance, 1, 3 * turn);
            self.activities.insert(activity, ROW.as_slice())?;
        }
        Ok(())
    }
}
