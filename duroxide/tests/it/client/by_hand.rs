//! What a runtime does, one turn at a time.

use std::sync::Arc;
use std::time::Duration;

use duroxide::Client;
use duroxide::env::TokioEnv;
use duroxide::history::{
    AppErrorKind, ErrorDetails, EventId, EventKind, InstanceId, KvEntry, Message, Parent, Start,
};
use duroxide::provider::conformance::{Turn, failure};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{
    ChildStart, KvChange, Provider, ProviderRef, TurnFetch, TurnItem, TurnOutcome,
};
use duroxide::storage::redb::RedbProvider;
use duroxide::time::Timestamp;

/// How long a test waits for what should happen at once.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_secs(600);

/// A store and a client of it.
#[derive(Debug)]
pub(super) struct ByHand {
    pub(super) store: ProviderRef,
    pub(super) client: Client,
}

/// Runs `check` on every store.
pub(super) async fn everywhere(check: impl AsyncFn(&ByHand)) {
    for store in stores() {
        check(&ByHand::new(store)).await;
    }
}

pub(super) fn stores() -> Vec<ProviderRef> {
    let model = ModelProvider::new(Arc::new(TokioEnv::new()));
    vec![shared(model), shared(RedbProvider::in_memory().unwrap())]
}

impl ByHand {
    pub(super) fn new(store: ProviderRef) -> Self {
        let client = Client::new(Arc::clone(&store));
        Self { store, client }
    }

    /// Starts an instance that waits for its first turn.
    pub(super) async fn start(&self, id: &str) {
        self.client
            .start_orchestration(id, "orders", "in")
            .await
            .unwrap();
    }

    /// Starts an instance and commits its first turn.
    pub(super) async fn begin(&self, id: &str, script: impl FnOnce(Turn) -> Turn) {
        self.start(id).await;
        self.turn_of(id, script).await;
    }

    /// Starts an instance that ends well in its first turn.
    pub(super) async fn complete(&self, id: &str) {
        self.begin(id, |turn| turn.complete("out")).await;
    }

    /// The next turn of this instance; there are no others to do.
    pub(super) async fn turn_of(&self, id: &str, script: impl FnOnce(Turn) -> Turn) -> TurnItem {
        let fetched = self.store.fetch_turns(TurnFetch::new(1, LEASE));
        let mut items = tokio::time::timeout(PATIENCE, fetched)
            .await
            .unwrap()
            .unwrap();
        let item = items.pop().unwrap();
        assert_eq!(item.lock.instance.as_str(), id);
        let commit = script(Turn::of(&item)).commit;
        self.store.commit_turn(&item.lock, commit).await.unwrap();
        item
    }
}

/// Shows a status.
pub(super) fn show(mut turn: Turn, status: Option<&str>) -> Turn {
    let status = status.map(str::to_owned);
    turn.write(
        None,
        EventKind::CustomStatusUpdated {
            status: status.clone(),
        },
    );
    turn.with(|commit| commit.custom_status = Some(status))
}

/// Keeps a value.
pub(super) fn keep(mut turn: Turn, key: &str, value: &str) -> Turn {
    let (key, value) = (key.to_owned(), value.to_owned());
    let kind = EventKind::KeyValueSet {
        key: key.clone(),
        value: value.clone(),
    };
    turn.write(None, kind);
    turn.with(|commit| {
        let updated_at = commit.history_delta.last().unwrap().timestamp;
        let entry = KvEntry {
            key,
            value,
            updated_at,
        };
        commit.kv.push(KvChange::Set(entry));
    })
}

/// Ends an instance as cancelled.
pub(super) fn cancelled(mut turn: Turn, reason: &str) -> Turn {
    let reason = reason.to_owned();
    let details = ErrorDetails::application(AppErrorKind::Cancelled { reason }, "cancelled");
    turn.write(
        None,
        EventKind::OrchestrationFailed {
            details: details.clone(),
        },
    );
    turn.with(|commit| commit.outcome = TurnOutcome::Failed { details })
}

/// Starts a child.
pub(super) fn child(mut turn: Turn, parent: &str, child: &str) -> Turn {
    let kind = EventKind::SubOrchestrationScheduled {
        name: "child".to_owned(),
        version: None,
        instance: child.to_owned(),
        input: "in".to_owned(),
    };
    let source: EventId = turn.write(None, kind);
    turn.with(|commit| {
        let parent = Parent {
            instance: InstanceId::new(parent).unwrap(),
            execution_id: commit.execution_id,
            source,
        };
        let if_taken = Message::SubOrchestrationFailed {
            execution_id: commit.execution_id,
            source,
            details: failure("the id is taken"),
        };
        commit.starts.push(ChildStart {
            instance: InstanceId::new(child).unwrap(),
            start: Start {
                parent: Some(parent),
                ..Start::first("child", "in", 7)
            },
            if_taken: Some(if_taken),
        });
    })
}

/// The wall clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the store's clock is compared with the real one"
)]
pub(super) fn now() -> Timestamp {
    std::time::SystemTime::now().into()
}

/// A store under another name, for tests that wrap one.
pub(super) fn shared(store: impl Provider) -> ProviderRef {
    Arc::new(store)
}
