//! Files that were written once and must be read for ever: a store of format 1, and a history. What
//! is in `golden/` is never written anew; a later format gets files of its own beside these.
//! `DUROXIDE_GOLDEN=write` writes those that are missing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use duroxide::history::{EventId, ExecutionId, InstanceId};
use duroxide::provider::conformance::{ALL, LONG};
use duroxide::provider::{ActivityFetch, InstanceQuery, Provider, TurnFetch};
use duroxide::runtime::Runtime;
use duroxide::storage::redb::{Commits, RedbOptions, RedbProvider};
use duroxide::testing::{RecordedHistory, replay};
use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};

use super::clock::StillEnv;
use super::lives::{Life, alone, empty_store};
use super::sim_disk::{Plan, SimDisk, Tear};
use crate::support::dice::Dice;

fn file(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/it/disk/golden").join(name)
}

fn is_to_be_written(name: &str) -> bool {
    std::env::var("DUROXIDE_GOLDEN").is_ok_and(|value| value == "write") && !file(name).exists()
}

/// The parts of a file that are not empty: its length, then offset, length and bytes of each.
fn sparse(bytes: &[u8]) -> Vec<u8> {
    let mut parts = (bytes.len() as u64).to_le_bytes().to_vec();
    for (number, sector) in bytes.chunks(512).enumerate() {
        if sector.iter().any(|byte| *byte != 0) {
            parts.extend((number as u64 * 512).to_le_bytes());
            parts.extend((sector.len() as u64).to_le_bytes());
            parts.extend(sector);
        }
    }
    parts
}

fn whole(parts: &[u8]) -> Vec<u8> {
    let number = |at: usize| {
        let bytes = parts[at..at + 8].try_into().unwrap();
        usize::try_from(u64::from_le_bytes(bytes)).unwrap()
    };
    let mut bytes = vec![0; number(0)];
    let mut at = 8;
    while at < parts.len() {
        let (offset, len) = (number(at), number(at + 8));
        bytes[offset..offset + len].copy_from_slice(&parts[at + 16..at + 16 + len]);
        at += 16 + len;
    }
    bytes
}

/// What a store says, in forms that are promised to stay.
pub(crate) async fn said(store: &RedbProvider) -> String {
    let admin = store.admin().unwrap();
    let mut lines = Vec::new();
    let everything = InstanceQuery::default();
    let all = admin.list_instances(&everything, None, ALL);
    for status in all.await.unwrap() {
        let id = status.instance;
        lines.push(format!(
            "{id} is {} {:?}, execution {}, ended {}, shows {:?} ({})",
            status.orchestration,
            status.version,
            status.execution_id,
            status.state.is_terminal(),
            status.custom_status,
            status.custom_status_version
        ));
        for execution in admin.executions(&id).await.unwrap() {
            let number = execution.execution_id;
            let page = store.read(&id, number, EventId::NONE, ALL).await.unwrap();
            for event in page.events {
                let event = serde_json::to_string(&event).unwrap();
                lines.push(format!("{id} {number} {event}"));
            }
        }
        for kept in store.kv_entries(&id).await.unwrap() {
            lines.push(format!(
                "{id} keeps {}",
                serde_json::to_string(&kept).unwrap()
            ));
        }
    }
    let depths = admin.queue_depths().await.unwrap();
    let (messages, activities) = (depths.orchestrator_queue, depths.worker_queue);
    lines.push(format!("{messages} messages, {activities} activities"));
    lines.join("\n") + "\n"
}

fn write_store() {
    let env = Arc::new(StillEnv::new());
    let options = RedbProvider::options().env(env).hold(Duration::ZERO);
    let disk = SimDisk::holding(empty_store().clone());
    let mut life = Life::begin(disk, options, Dice::new(11));
    alone(async {
        life.recover().await.unwrap();
        life.work(Plan::default(), 90).await.unwrap();
    });
    life.lose_power(Tear::Nothing, &mut Dice::new(0));
    // Small files are kept more gladly.
    let mut database = redb::Database::builder()
        .create_with_backend(life.disk.clone())
        .unwrap();
    while database.compact().unwrap() {}
    drop(database);
    let bytes = life.disk.bytes();
    std::fs::write(file("store-1.sparse"), sparse(&bytes)).unwrap();
    std::fs::write(file("store-1.txt"), alone(said(&opened(bytes)))).unwrap();
}

fn opened(bytes: Vec<u8>) -> RedbProvider {
    opened_with(RedbProvider::options(), bytes)
}

fn opened_with(options: RedbOptions, bytes: Vec<u8>) -> RedbProvider {
    let disk = SimDisk::holding(bytes);
    let options = options.env(Arc::new(StillEnv::new()));
    options.open_backend(move || Ok(disk.clone())).unwrap()
}

/// The store of format 1, byte for byte.
pub(crate) fn store_of_format_1() -> Vec<u8> {
    whole(&std::fs::read(file("store-1.sparse")).unwrap())
}

/// What that store always said.
pub(crate) fn what_it_says() -> String {
    std::fs::read_to_string(file("store-1.txt")).unwrap()
}

#[test]
fn a_store_of_format_1_says_what_it_always_said_and_goes_on() {
    if is_to_be_written("store-1.sparse") {
        write_store();
    }
    let expected = what_it_says();
    for options in [
        RedbProvider::options(),
        RedbProvider::options().commits(Commits::Journal),
        RedbProvider::options().two_phase_commit(true),
        RedbProvider::options().quick_repair(true),
    ] {
        alone(goes_on(options, &expected));
    }
}

/// What is under way in it is handed out and can be ended.
async fn goes_on(options: RedbOptions, expected: &str) {
    let store = opened_with(options, store_of_format_1());
    assert_eq!(said(&store).await, expected);
    let turns = store.fetch_turns(TurnFetch::new(ALL, LONG)).await.unwrap();
    let mut messages = turns.iter().flat_map(|item| &item.messages);
    assert!(messages.all(|message| message.message.is_ok()));
    let activities = store.fetch_activities(ActivityFetch::new(ALL, LONG)).await;
    let activities = activities.unwrap();
    assert!(activities.iter().all(|activity| activity.request.is_ok()));
    assert!(!turns.is_empty() && !activities.is_empty());
    for activity in activities {
        let done = store.complete_activity(&activity.lock, Ok("done".to_owned()));
        done.await.unwrap();
    }
}

async fn order(ctx: OrchestrationContext, input: String) -> Result<String, String> {
    let first = ctx.schedule_activity("echo", input).await?;
    ctx.set_custom_status(first.as_str());
    ctx.set_kv_value("first", first.as_str());
    ctx.schedule_timer(Duration::from_millis(1)).await;
    let id = ctx.new_guid().to_string();
    if ctx.patched("longer-ids") {
        ctx.set_kv_value("id", id.as_str());
    }
    let told = ctx.dequeue_event("told").await;
    let child = ctx.schedule_sub_orchestration("child", told).await?;
    let both = duroxide::join_all([
        ctx.schedule_activity("echo", child.as_str()),
        ctx.schedule_activity("echo", id.as_str()),
    ]);
    let both: Vec<String> = both.await.into_iter().collect::<Result<_, _>>()?;
    Ok(both.join(" "))
}

fn orchestrations() -> OrchestrationRegistry {
    OrchestrationRegistry::builder()
        .register("order", order)
        .register(
            "child",
            |_: OrchestrationContext, input: String| async move { Ok(input) },
        )
        .build()
}

async fn write_history() {
    let activities = ActivityRegistry::builder()
        .register("echo", |_: ActivityContext, text: String| async move {
            Ok(text)
        })
        .build();
    let store = Arc::new(RedbProvider::in_memory().unwrap());
    let runtime = Runtime::start_with_store(store, activities, orchestrations()).await;
    let client = runtime.client();
    client
        .start_orchestration("a", "order", "in")
        .await
        .unwrap();
    client
        .enqueue_event("a", "told", "something")
        .await
        .unwrap();
    let ended = client
        .wait_for_orchestration("a", Duration::from_secs(30))
        .await;
    ended.unwrap();
    let events = client.read_execution_history("a", 1).await.unwrap();
    let id = InstanceId::new("a").unwrap();
    let history = RecordedHistory::new(id, ExecutionId::FIRST, events).unwrap();
    history.write(file("history-1.json")).unwrap();
    runtime.shutdown(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_long_ago_fits_the_program_that_wrote_it() {
    if is_to_be_written("history-1.json") {
        write_history().await;
    }
    let history = RecordedHistory::read(file("history-1.json")).unwrap();
    let replayed = replay(&history, &orchestrations()).unwrap();
    assert!(replayed.ended);
}
