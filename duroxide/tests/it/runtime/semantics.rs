//! Nodes of different releases on one store: an execution is replayed by those that know its semantics.

use duroxide::RuntimeOptions;
use duroxide::engine::SEMANTICS;

use super::faults::sound;
use super::world::{World, completed, program, shared, stores};

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_of_a_newer_node_is_left_alone_by_older_ones_and_taken_by_newer_ones() {
    let program = program(|ctx, input| async move {
        let told = match input.as_str() {
            "waits" => ctx.schedule_wait("go").await,
            _ => String::new(),
        };
        ctx.schedule_activity("echo", format!("{input} {told}"))
            .await
    });
    for store in stores() {
        // A node of the next release: all that it begins is pinned to the next number.
        let newer = async || {
            let mut next = sound(store.clone());
            next.semantics = SEMANTICS + 1;
            World::start(shared(next), &program, RuntimeOptions::default()).await
        };
        let next = newer().await;
        next.client
            .start_orchestration("a", "main", "waits")
            .await
            .unwrap();
        next.reach("a", 2).await;
        next.stop().await;

        let old = World::start(store.clone(), &program, RuntimeOptions::default()).await;
        old.client.raise_event("a", "go", "now").await.unwrap();
        for number in 0..20 {
            let id = format!("other-{number}");
            assert_eq!(old.output(&id, "main", "x").await, "x ");
        }
        assert_eq!(old.history("a", 1).await.len(), 2, "nobody touched it");
        assert!(!old.status("a").await.is_terminal());

        // Beside the old node, which goes on with what it knows.
        old.client
            .start_orchestration("b", "main", "waits")
            .await
            .unwrap();
        old.reach("b", 2).await;
        let next = newer().await;
        assert_eq!(completed(next.end("a").await), "waits now");
        next.client.raise_event("b", "go", "too").await.unwrap();
        assert_eq!(completed(next.end("b").await), "waits too");
        old.stop().await;
        next.stop().await;
    }
}

/// What was passed over is no attempt: a message may wait for its node for as long as that takes.
#[tokio::test(flavor = "multi_thread")]
async fn being_passed_over_makes_no_poison() {
    let program = program(|ctx, _| async move { Ok(ctx.schedule_wait("go").await) });
    for store in stores() {
        let strict = RuntimeOptions {
            max_attempts: 1,
            ..Default::default()
        };
        let newer = async || {
            let mut next = sound(store.clone());
            next.semantics = SEMANTICS + 1;
            World::start(shared(next), &program, strict.clone()).await
        };
        let next = newer().await;
        next.client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        next.reach("a", 2).await;
        next.client.raise_event("a", "other", "").await.unwrap();
        next.reach("a", 3).await;
        next.stop().await;
        for round in 0..3 {
            let old = World::start(store.clone(), &program, strict.clone()).await;
            if round == 0 {
                old.client.raise_event("a", "go", "at last").await.unwrap();
            }
            let id = format!("other-{round}");
            old.client
                .start_orchestration(&id, "main", "")
                .await
                .unwrap();
            old.reach(&id, 2).await;
            old.stop().await;
        }
        let next = newer().await;
        assert_eq!(completed(next.end("a").await), "at last");
        next.stop().await;
    }
}
