//! Shutdown: what is under way ends or is given back, and nothing is left behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use duroxide::{ActivityContext, ActivityRegistry, RuntimeOptions};
use tokio::sync::Notify;

use super::world::{Program, World, completed, program, stores};

/// A value that counts how many of its kind are alive.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_may_end_in_the_grace_period() {
    let started = Arc::new(Notify::new());
    let starts = Arc::clone(&started);
    let activities = ActivityRegistry::builder()
        .register("short", move |_, _| {
            let starts = Arc::clone(&starts);
            async move {
                starts.notify_one();
                tokio::time::sleep(Duration::from_millis(50)).await;
                Ok("ended".to_owned())
            }
        })
        .build();
    let program = Program {
        activities,
        ..program(|ctx, _| async move { ctx.schedule_activity("short", "").await })
    };
    for store in stores() {
        let world = World::start(store.clone(), &program, RuntimeOptions::default()).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        started.notified().await;
        world.runtime.shutdown(Some(Duration::from_secs(20))).await;
        // The completion is in the store: another runtime needs no activity for the rest.
        let options = RuntimeOptions {
            worker_concurrency: 0,
            ..Default::default()
        };
        let world = World::start(store, &program, options).await;
        assert_eq!(completed(world.end("a").await), "ended");
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_end_is_dropped_and_taken_up_by_others_at_once() {
    let alive = Arc::new(AtomicUsize::new(0));
    let runs = Arc::new(AtomicUsize::new(0));
    let started = Arc::new(Notify::new());
    let (count, ran, starts) = (Arc::clone(&alive), Arc::clone(&runs), Arc::clone(&started));
    let activities = ActivityRegistry::builder()
        .register("endless_at_first", move |ctx: ActivityContext, _| {
            let alive = Alive::new(&count);
            let (runs, starts) = (Arc::clone(&ran), Arc::clone(&starts));
            async move {
                let _alive = alive;
                starts.notify_one();
                if runs.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
                    std::future::pending::<()>().await;
                }
                Ok(ctx.delivery().to_string())
            }
        })
        .build();
    let orchestrating = Arc::clone(&alive);
    let program = Program {
        activities,
        ..program(move |ctx, _| {
            let alive = Alive::new(&orchestrating);
            async move {
                let _alive = alive;
                ctx.schedule_activity("endless_at_first", "").await
            }
        })
    };
    for store in stores() {
        let world = World::start(store.clone(), &program, RuntimeOptions::default()).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        started.notified().await;
        world.runtime.shutdown(Some(Duration::ZERO)).await;
        assert_eq!(
            alive.load(Ordering::SeqCst),
            0,
            "user code is alive after shutdown"
        );
        let world = World::start(store, &program, RuntimeOptions::default()).await;
        // The interrupted delivery was given back and is not counted.
        assert_eq!(completed(world.end("a").await), "1");
        started.notified().await;
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_shutdown_nobody_holds_the_store() {
    let program = program(|ctx, _| async move {
        ctx.schedule_timer(Duration::from_secs(3600)).await;
        ctx.schedule_activity("echo", "").await
    });
    for store in stores() {
        let world = World::start(store.clone(), &program, RuntimeOptions::default()).await;
        for n in 0..10 {
            let id = format!("i-{n}");
            world
                .client
                .start_orchestration(&id, "main", "")
                .await
                .unwrap();
        }
        let World {
            store: its_own,
            runtime,
            client,
            ..
        } = world;
        drop((its_own, client));
        runtime.shutdown(None).await;
        assert_eq!(Arc::strong_count(&store), 1);
    }
}

#[test]
fn a_runtime_works_on_a_single_thread() {
    let program = program(|ctx, _| async move {
        ctx.schedule_timer(Duration::from_millis(5)).await;
        ctx.schedule_activity("echo", "one thread").await
    });
    let single = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    single.block_on(async {
        for store in stores() {
            let options = RuntimeOptions {
                orchestration_concurrency: 1,
                worker_concurrency: 1,
                turn_threads: 1,
                ..Default::default()
            };
            let world = World::start(store, &program, options).await;
            assert_eq!(world.output("a", "main", "").await, "one thread");
            world.stop().await;
        }
    });
}
