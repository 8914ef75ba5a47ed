//! What a running program costs in fsyncs, counted at the storage.

use std::time::Duration;

use duroxide::storage::redb::RedbProvider;

use super::world::{World, live_on_and_off, program, shared};

/// On one thread: of several, a busy machine can stop the one whose fetch a group would have waited
/// for.
#[tokio::test]
async fn a_chain_of_200_activities_costs_at_most_210_fsyncs() {
    let program = program(|ctx, _| async move {
        for number in 0..200 {
            ctx.schedule_activity("echo", number.to_string()).await?;
        }
        Ok("done".to_owned())
    });
    for options in live_on_and_off() {
        let folder = tempfile::TempDir::new().unwrap();
        // The machine may be busy: how long a group waits for its turns is not what is tested.
        let store = RedbProvider::options().hold(Duration::from_secs(5));
        let store = store.open(folder.path().join("chain.redb")).unwrap();
        let world = World::start(shared(store.clone()), &program, options).await;
        assert_eq!(world.output("a", "main", "").await, "done");
        // The opening of the store, the start and the end are among them.
        let syncs = store.io_counts().syncs;
        assert!(syncs <= 210, "{syncs} fsyncs");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_with_nothing_to_do_writes_nothing() {
    let program = program(|ctx, _| async move {
        ctx.schedule_timer(Duration::from_secs(3600)).await;
        Ok(String::new())
    });
    let store = RedbProvider::in_memory().unwrap();
    let world = World::start(
        shared(store.clone()),
        &program,
        live_on_and_off()[0].clone(),
    )
    .await;
    world
        .client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    world.reach("a", 2).await;
    let before = store.io_counts();
    // Long enough for anything that polls.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(store.io_counts(), before);
    world.stop().await;
}
