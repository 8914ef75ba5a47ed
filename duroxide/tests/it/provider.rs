//! The embedded store keeps the contract: every rule of the suite, on a file, in each way of making
//! a group durable.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use duroxide::history::{EventId, ExecutionId, InstanceId};
use duroxide::provider::ProviderRef;
use duroxide::provider::conformance::ProviderFactory;
use duroxide::storage::redb::RedbOptions;
use redb::{Database, ReadableTable as _, TableDefinition, WriteTransaction};
use tempfile::TempDir;

const IDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("ids");
const INBOX: TableDefinition<'_, (u64, u64), &[u8]> = TableDefinition::new("inbox");
const HISTORY: TableDefinition<'_, (u64, u64, u64), &[u8]> = TableDefinition::new("history");

/// Stores in files of a folder of their own.
#[derive(Debug)]
struct Files {
    folder: TempDir,
    options: RedbOptions,
    /// How many stores were created; the last one is in use.
    stores: AtomicU32,
}

impl Files {
    fn new(options: RedbOptions) -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            options,
            stores: AtomicU32::new(0),
        }
    }

    fn path(&self) -> PathBuf {
        let number = self.stores.load(Ordering::Relaxed);
        self.folder.path().join(format!("store-{number}.redb"))
    }

    fn open(&self) -> ProviderRef {
        let options = self.options.clone();
        Arc::new(options.open(self.path()).unwrap())
    }

    /// Changes tables behind the store's back.
    fn damage(&self, provider: ProviderRef, change: impl FnOnce(&WriteTransaction)) -> ProviderRef {
        assert_eq!(
            Arc::strong_count(&provider),
            1,
            "somebody else holds the store"
        );
        drop(provider);
        let database = Database::open(self.path()).unwrap();
        let transaction = database.begin_write().unwrap();
        change(&transaction);
        transaction.commit().unwrap();
        drop(database);
        self.open()
    }
}

fn number_of(transaction: &WriteTransaction, instance: &InstanceId) -> u64 {
    let ids = transaction.open_table(IDS).unwrap();
    let number = ids.get(instance.as_str()).unwrap().unwrap();
    u64::from_le_bytes(number.value().try_into().unwrap())
}

#[async_trait]
impl ProviderFactory for Files {
    async fn create(&self) -> ProviderRef {
        self.stores.fetch_add(1, Ordering::Relaxed);
        self.open()
    }

    async fn reopen(&self, provider: ProviderRef) -> ProviderRef {
        drop(provider);
        self.open()
    }

    async fn corrupt_messages(
        &self,
        provider: ProviderRef,
        instance: &InstanceId,
    ) -> Option<ProviderRef> {
        Some(self.damage(provider, |transaction| {
            let number = number_of(transaction, instance);
            let mut inbox = transaction.open_table(INBOX).unwrap();
            let keys: Vec<(u64, u64)> = inbox
                .iter()
                .unwrap()
                .map(|row| row.unwrap().0.value())
                .collect();
            for key in keys.into_iter().filter(|key| key.1 == number) {
                inbox.insert(key, [7, 7, 7].as_slice()).unwrap();
            }
        }))
    }

    async fn corrupt_history(
        &self,
        provider: ProviderRef,
        instance: &InstanceId,
        execution_id: ExecutionId,
        event_id: EventId,
    ) -> Option<ProviderRef> {
        Some(self.damage(provider, |transaction| {
            let number = number_of(transaction, instance);
            let mut history = transaction.open_table(HISTORY).unwrap();
            let range = (number, execution_id.0, 0)..=(number, execution_id.0, event_id.0);
            let (key, mut row) = {
                let (key, row) = history.range(range).unwrap().next_back().unwrap().unwrap();
                (key.value(), row.value().to_vec())
            };
            *row.last_mut().unwrap() ^= 0x10;
            history.insert(key, row.as_slice()).unwrap();
        }))
    }
}

mod file {
    use duroxide::storage::redb::RedbProvider;

    duroxide::conformance_tests!(super::Files::new(RedbProvider::options()));
}

mod journal {
    use duroxide::storage::redb::{Commits, RedbProvider};

    duroxide::conformance_tests!(super::Files::new(
        RedbProvider::options().commits(Commits::Journal)
    ));
}

mod quick_repair {
    use duroxide::storage::redb::RedbProvider;

    duroxide::conformance_tests!(super::Files::new(
        RedbProvider::options().quick_repair(true)
    ));
}
