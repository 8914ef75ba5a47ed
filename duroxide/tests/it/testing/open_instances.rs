//! Before a roll-out: would every instance of this store replay with this program?

use std::sync::Arc;

use duroxide::history::Message;
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{ProviderRef, TurnCommit, TurnFetch};
use duroxide::storage::redb::RedbProvider;
use duroxide::testing::check_open_instances;
use duroxide::{Client, OrchestrationContext, OrchestrationRegistry};

use crate::support::Program;

async fn waits(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    Ok(ctx.schedule_wait("go").await)
}

async fn waits_for_another(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
    Ok(ctx.schedule_wait("stop").await)
}

#[tokio::test]
async fn the_open_instances_of_a_store_are_held_against_a_program() {
    let model = ModelProvider::new(Arc::new(duroxide::env::TokioEnv::new()));
    let stores: [ProviderRef; 2] = [
        Arc::new(model),
        Arc::new(RedbProvider::in_memory().unwrap()),
    ];
    for store in stores {
        check(store).await;
    }
}

async fn check(store: ProviderRef) {
    let client = Client::new(ProviderRef::clone(&store));
    for id in ["a", "b"] {
        client.start_orchestration(id, "test", "").await.unwrap();
    }
    first_turn(&store).await;
    let same = OrchestrationRegistry::builder()
        .register("test", waits)
        .build();
    let fits = check_open_instances(ProviderRef::clone(&store), &same);
    let fits = fits.await.unwrap();
    assert_eq!((fits.fitting, fits.others.len()), (2, 0));
    let other = OrchestrationRegistry::builder()
        .register("test", waits_for_another)
        .build();
    let changed = check_open_instances(store, &other).await.unwrap();
    assert_eq!(changed.fitting, 1, "the one without a turn fits all code");
    let (id, problem) = &changed.others[0];
    assert_eq!(id, "a");
    assert!(problem.to_string().contains("the event `go`"), "{problem}");
}

/// The first turn of one of the instances, as the runtime would commit it.
async fn first_turn(store: &ProviderRef) {
    let fetch = TurnFetch::new(1, std::time::Duration::from_secs(60));
    let item = store.fetch_turns(fetch).await.unwrap().remove(0);
    let Ok(Message::Start(start)) = item.messages[0].message.clone() else {
        panic!("a first turn begins with the start");
    };
    let mut live = crate::support::Live::new(Program::with_input(waits));
    live.send(Message::Start(start));
    let consumed = vec![item.messages[0].id];
    let turn = TurnCommit {
        history_delta: live.history.clone(),
        ..TurnCommit::new(7, item.execution_id, consumed)
    };
    store.commit_turn(&item.lock, turn).await.unwrap();
}
