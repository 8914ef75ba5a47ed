//! A store, read while no process has it open.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use duroxide::history::EventId;
use duroxide::storage::redb::RedbProvider;
use duroxide::{Client, Event, EventKind, OrchestrationStatus};

/// One instance as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) status: OrchestrationStatus,
    pub(crate) history: Vec<Event>,
}

/// Every instance of the store. That it can be opened and read is part of every test.
pub(crate) async fn instances(store: &RedbProvider) -> BTreeMap<String, Instance> {
    let client = Client::new(Arc::new(store.clone()));
    let mut instances = BTreeMap::new();
    for id in client.list_all_instances().await.unwrap() {
        let status = client.get_orchestration_status(&id).await.unwrap();
        let history = client.read_execution_history(&id, 1).await.unwrap();
        let instance = Instance { status, history };
        instance.check(&id);
        instances.insert(id, instance);
    }
    instances
}

/// The same for the store in a file.
pub(crate) fn read(file: &Path) -> BTreeMap<String, Instance> {
    block_on(async { instances(&RedbProvider::open(file).unwrap()).await })
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

impl Instance {
    /// What it returned, if it has ended well.
    pub(crate) fn output(&self) -> Option<&str> {
        match &self.status {
            OrchestrationStatus::Completed { output, .. } => Some(output),
            _ => None,
        }
    }

    /// The schedule that each completion answers, with the result.
    pub(crate) fn completions(&self) -> impl Iterator<Item = (u64, &str)> {
        self.history.iter().filter_map(|event| match &event.kind {
            EventKind::ActivityCompleted { result } => {
                Some((event.source_event_id?.0, result.as_str()))
            }
            _ => None,
        })
    }

    /// Schedules and timers that nothing answers yet.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Event> {
        let answered = |id: EventId| self.history.iter().any(|e| e.source_event_id == Some(id));
        self.history
            .iter()
            .filter(move |event| is_request(event) && !answered(event.event_id))
    }

    /// A history is dense, begins with the start, ends with at most one end, and answers nothing
    /// that was not asked, and that once.
    fn check(&self, id: &str) {
        let history = &self.history;
        for (event, position) in history.iter().zip(1..) {
            assert_eq!(event.event_id.0, position, "{id}: {history:#?}");
            let is_start = matches!(event.kind, EventKind::OrchestrationStarted { .. });
            assert_eq!(is_start, position == 1, "{id}: {history:#?}");
            let is_last = position == history.len() as u64;
            assert!(!event.kind.is_terminal() || is_last, "{id}: {history:#?}");
            let Some(source) = event.source_event_id else {
                continue;
            };
            let sources = history.iter().filter(|e| e.source_event_id == Some(source));
            assert_eq!(sources.count(), 1, "{id}: {history:#?}");
            let asked = &history[usize::try_from(source.0).unwrap() - 1];
            assert!(asked.event_id < event.event_id, "{id}: {history:#?}");
            assert!(answers(event, asked), "{id}: {history:#?}");
        }
        let ended = match history.last().map(|event| &event.kind) {
            Some(EventKind::OrchestrationCompleted { output }) => Some(output.as_str()),
            Some(kind) => {
                assert!(!kind.is_terminal(), "{id}: {history:#?}");
                None
            }
            None => None,
        };
        assert_eq!(ended, self.output(), "{id}: {:?}", self.status);
        assert_eq!(ended.is_some(), self.status.is_terminal(), "{id}");
    }
}

fn is_request(event: &Event) -> bool {
    matches!(
        event.kind,
        EventKind::ActivityScheduled { .. } | EventKind::TimerCreated { .. }
    )
}

fn answers(event: &Event, asked: &Event) -> bool {
    use EventKind as Kind;
    match event.kind {
        Kind::ActivityCompleted { .. } => matches!(asked.kind, Kind::ActivityScheduled { .. }),
        Kind::TimerFired { fire_at: fired } => {
            matches!(asked.kind, Kind::TimerCreated { fire_at } if fire_at == fired)
                && event.timestamp >= fired
        }
        // Nothing fails and nothing is cancelled here.
        _ => false,
    }
}
