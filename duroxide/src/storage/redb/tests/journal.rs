//! The journal: its bytes, what is refused, and how the tables get what it has.

use std::sync::Arc;
use std::time::Duration;

use ::redb::backends::InMemoryBackend;
use ::redb::{Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};

use super::bytes::hex;
use super::reopening::{Shared, copy_of};
use super::{activity, chain_turn, history, id, schedule, start, turn};
use crate::history::{EventId, ExecutionId};
use crate::provider::Provider as _;
use crate::storage::redb::bodies::{ActivityKey, TimerKey, decode_journal, encode_journal};
use crate::storage::redb::layer::{Change, Layer};
use crate::storage::redb::open::OpenError;
use crate::storage::redb::options::Commits;
use crate::storage::redb::ranges::Gone;
use crate::storage::redb::record::{self, Kind, RecordError};
use crate::storage::redb::schema::{
    HISTORY, INBOX, JOURNAL, META, META_SCHEMA_VERSION, Queue, RowKey,
};
use crate::storage::redb::{RedbOptions, RedbProvider};
use crate::time::Timestamp;

fn options(commits: Commits) -> RedbOptions {
    let mut options = RedbProvider::options().commits(commits);
    // The tables are not to follow while we look.
    options.pace.calm_after = Duration::from_secs(3_600);
    options
}

fn over(memory: &Arc<InMemoryBackend>, commits: Commits) -> Result<RedbProvider, OpenError> {
    let memory = Shared(Arc::clone(memory));
    options(commits).open_backend(move || Ok(memory.clone()))
}

/// How many rows the journal, the inbox and the histories have on disk.
fn rows(memory: &Arc<InMemoryBackend>) -> (u64, u64, u64) {
    let database = database(&copy_of(memory));
    let transaction = database.begin_read().unwrap();
    let journal = transaction.open_table(JOURNAL).unwrap().len().unwrap();
    let inbox = transaction.open_table(INBOX).unwrap().len().unwrap();
    let history = transaction.open_table(HISTORY).unwrap().len().unwrap();
    (journal, inbox, history)
}

fn database(memory: &Arc<InMemoryBackend>) -> Database {
    let memory = Shared(Arc::clone(memory));
    Database::builder().create_with_backend(memory).unwrap()
}

/// One of everything.
fn layer() -> Layer {
    let mut layer = Layer::default();
    layer.remove(Gone::Values(1));
    layer.remove(Gone::Executions(1, 2, 3));
    layer.remove(Gone::Instance(300));
    let sources = (ExecutionId(3), EventId(4));
    let activity = ActivityKey {
        sequence: 1,
        instance: 2,
        execution_id: sources.0,
        source: sources.1,
    };
    let timer = TimerKey {
        fire_at: Timestamp::from_millis(1_000),
        instance: 2,
        execution_id: sources.0,
        source: sources.1,
    };
    let text = |text: &str| text.to_owned();
    for (key, change) in [
        (RowKey::Id(text("i")), Change::Replace(vec![7])),
        (RowKey::Instance(9), Change::Replace(Vec::new())),
        (
            RowKey::History(1, ExecutionId(4), EventId(5)),
            Change::Replace(vec![8; 3]),
        ),
        (
            RowKey::Inbox {
                sequence: 6,
                instance: 7,
            },
            Change::Delete,
        ),
        (RowKey::Activity(activity), Change::Delete),
        (RowKey::Timer(timer), Change::Replace(vec![1])),
        (RowKey::Attempts(Queue::Activities, 5), Change::Delete),
        (RowKey::QuietTurn(8), Change::Delete),
        (RowKey::CustomStatus(8), Change::Replace(vec![2])),
        (RowKey::Value(8, text("k")), Change::Delete),
        (
            RowKey::Child(text("p"), text("c")),
            Change::Replace(Vec::new()),
        ),
    ] {
        layer.change(key, change);
    }
    layer
}

#[test]
fn the_record_of_a_group_has_its_documented_bytes() {
    let record = encode_journal(12, &layer()).unwrap();
    let ranges = ["0101", "02010203", "03fb2c01"];
    let rows = [
        "040101690107",
        "04020900",
        "040301040503080808",
        "05040607",
        "050501020304",
        "0406fbe8030203040101",
        "05070205",
        "050808",
        "0409080102",
        "050a08016b",
        "040b0170016300",
    ];
    let body = format!("0c0e{}{}", ranges.concat(), rows.concat());
    assert_eq!(hex(&record), format!("010b00004b000000cc55a7c0{body}"));
    let back = decode_journal(12, &record).unwrap();
    assert_eq!(back.rows(), layer().rows());
    assert_eq!(back.ranges(), layer().ranges());
    let other = decode_journal(13, &record).unwrap_err();
    assert!(matches!(other, RecordError::Corrupt(_)), "{other}");
}

#[test]
fn a_record_that_is_not_whole_is_never_taken() {
    let record = encode_journal(12, &layer()).unwrap();
    for cut in 0..record.len() {
        assert!(decode_journal(12, &record[..cut]).is_err());
        let mut other = record.clone();
        other[cut] ^= 0x40;
        assert!(decode_journal(12, &other).is_err());
    }
    let body = &record[record::HEADER_BYTES..];
    for cut in 0..body.len() {
        let sealed = record::seal(Kind::JOURNAL_V1, |to| {
            to.extend_from_slice(&body[..cut]);
            Ok::<(), RecordError>(())
        });
        assert!(decode_journal(12, &sealed.unwrap()).is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_and_goes_between_two_checkpoints_never_reaches_a_table() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory, Commits::Journal).unwrap();
    start(&store, "a").await;
    for turn_id in 1..=3 {
        let item = turn(&store).await;
        let commit = chain_turn(&item, turn_id, 2);
        store.commit_turn(&item.lock, commit).await.unwrap();
        if turn_id < 3 {
            let work = activity(&store).await;
            store
                .complete_activity(&work.lock, Ok("done".to_owned()))
                .await
                .unwrap();
        }
    }
    let (journal, inbox, in_tables) = rows(&memory);
    assert!(journal > 3, "{journal}");
    assert_eq!((inbox, in_tables), (0, 0), "the tables have nothing yet");
    assert_eq!(history(&store, "a").await.len(), 6);
    let status = store.status(&id("a")).await.unwrap().unwrap();
    assert!(status.state.is_terminal());
    drop(store);
    assert_eq!(rows(&memory), (0, 0, 3), "closing brings them up to date");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_mode_opens_what_the_other_left() {
    for (first, then) in [
        (Commits::Journal, Commits::Tables),
        (Commits::Journal, Commits::Journal),
        (Commits::Tables, Commits::Journal),
    ] {
        let memory = Arc::new(InMemoryBackend::new());
        let store = over(&memory, first).unwrap();
        start(&store, "a").await;
        let item = turn(&store).await;
        schedule(&store, &item, 1, &["x", "y"]).await;
        start(&store, "b").await;
        let killed = copy_of(&memory);
        let store = over(&killed, then).unwrap();
        assert_eq!(
            rows(&killed),
            (0, 1, 1),
            "opening brings the tables up to date"
        );
        assert_eq!(history(&store, "a").await.len(), 3);
        assert_eq!(turn(&store).await.lock.instance, id("b"));
        let mut inputs = Vec::new();
        for _ in 0..2 {
            inputs.push(activity(&store).await.request.unwrap().input);
        }
        inputs.sort();
        assert_eq!(inputs, ["x", "y"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_work_the_tables_follow_and_the_journal_gets_empty() {
    let memory = Arc::new(InMemoryBackend::new());
    let shared = Shared(Arc::clone(&memory));
    let mut options = options(Commits::Journal);
    options.pace.calm_after = Duration::from_millis(1);
    let store = options.open_backend(move || Ok(shared.clone())).unwrap();
    for number in 0..20 {
        start(&store, &format!("i{number}")).await;
    }
    super::soon(async {
        while rows(&memory) != (0, 20, 0) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_group_goes_into_the_tables_behind_all_that_was_before() {
    let memory = Arc::new(InMemoryBackend::new());
    let mut options = options(Commits::Journal);
    options.pace.largest_record = 4_000;
    let shared = Shared(Arc::clone(&memory));
    let store = options.open_backend(move || Ok(shared.clone())).unwrap();
    start(&store, "a").await;
    assert_eq!(rows(&memory), (1, 0, 0));
    let item = turn(&store).await;
    schedule(&store, &item, 1, &["x".repeat(5_000).as_str()]).await;
    assert_eq!(rows(&memory), (0, 0, 1));
    start(&store, "b").await;
    assert_eq!(rows(&memory), (1, 0, 1));
    assert_eq!(history(&store, "a").await.len(), 2);
}

type Damage = fn(&mut ::redb::Table<'_, u64, &'static [u8]>);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_journal_is_refused_and_left_as_it_is() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory, Commits::Journal).unwrap();
    for name in ["a", "b", "c"] {
        start(&store, name).await;
    }
    let damages: [Damage; 3] = [
        |journal| {
            journal.remove(2).unwrap();
        },
        |journal| {
            let mut record = journal.get(2).unwrap().unwrap().value().to_vec();
            *record.last_mut().unwrap() ^= 1;
            journal.insert(2, record.as_slice()).unwrap();
        },
        |journal| {
            let record = journal.get(2).unwrap().unwrap().value().to_vec();
            journal.insert(4, record.as_slice()).unwrap();
        },
    ];
    for damage in damages {
        let killed = copy_of(&memory);
        let database = database(&killed);
        let transaction = database.begin_write().unwrap();
        damage(&mut transaction.open_table(JOURNAL).unwrap());
        transaction.commit().unwrap();
        drop(database);
        let before = bytes_of(&killed);
        let refused = over(&killed, Commits::Tables).unwrap_err();
        assert!(
            matches!(&refused, OpenError::Damaged { problem } if problem.contains("journal")),
            "{refused:?}"
        );
        assert_eq!(bytes_of(&killed), before);
    }
    let whole = over(&copy_of(&memory), Commits::Tables).unwrap();
    assert!(whole.status(&id("c")).await.unwrap().is_some());
}

fn bytes_of(memory: &Arc<InMemoryBackend>) -> Vec<u8> {
    use ::redb::StorageBackend as _;
    let mut bytes = vec![0; usize::try_from(memory.len().unwrap()).unwrap()];
    memory.read(0, &mut bytes).unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_a_journal_gets_one() {
    let memory = Arc::new(InMemoryBackend::new());
    let store = over(&memory, Commits::Tables).unwrap();
    start(&store, "a").await;
    drop(store);
    let old = database(&memory);
    let transaction = old.begin_write().unwrap();
    transaction.delete_table(JOURNAL).unwrap();
    {
        let mut meta = transaction.open_table(META).unwrap();
        meta.insert(META_SCHEMA_VERSION, 1_u32.to_le_bytes().as_slice())
            .unwrap();
    }
    transaction.commit().unwrap();
    drop(old);
    let store = over(&memory, Commits::Journal).unwrap();
    start(&store, "b").await;
    assert_eq!(rows(&memory), (1, 1, 0));
    assert!(store.status(&id("a")).await.unwrap().is_some());
    drop(store);
    let database = database(&memory);
    let transaction = database.begin_read().unwrap();
    let meta = transaction.open_table(META).unwrap();
    let version = meta.get(META_SCHEMA_VERSION).unwrap().unwrap();
    assert_eq!(version.value(), 2_u32.to_le_bytes());
}
