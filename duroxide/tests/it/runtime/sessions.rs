//! Sessions: activities that belong together run on one worker, for as long as that is there.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duroxide::runtime::SessionOrdering;
use duroxide::{
    ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry, RuntimeOptions,
    join_all,
};
use tokio::sync::{Barrier, Semaphore};

use super::world::{PATIENCE, Program, World, completed, stores};

/// `main` runs as many activities as its input says on the session that is its own id, at the same
/// time, and returns on which workers.
fn fan_out(activities: ActivityRegistry) -> Program {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "main",
            |ctx: OrchestrationContext, count: String| async move {
                let count: usize = count.parse().unwrap();
                let calls = (0..count).map(|number| {
                    let session = ctx.instance_id();
                    ctx.schedule_activity_on_session("work", number.to_string(), session)
                });
                let ran: Result<BTreeSet<_>, _> = join_all(calls).await.into_iter().collect();
                Ok(ran?.into_iter().collect::<Vec<_>>().join(" "))
            },
        )
        .build();
    Program {
        activities,
        orchestrations,
    }
}

/// An activity that says which worker ran it.
fn who() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("work", |ctx: ActivityContext, _| async move {
            assert_eq!(ctx.session_id(), Some(ctx.instance_id()));
            Ok(ctx.worker_id().to_owned())
        })
        .build()
}

fn worker(name: &str) -> RuntimeOptions {
    RuntimeOptions {
        worker_node_id: Some(name.to_owned()),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn activities_of_one_session_run_on_one_worker() {
    for store in stores() {
        let program = fan_out(who());
        let one = World::start(store.clone(), &program, worker("one")).await;
        let two = World::start(store, &program, worker("two")).await;
        for session in ["a", "b", "c", "d"] {
            let ran_on = one.output(session, "main", "20").await;
            assert!(ran_on == "one" || ran_on == "two", "{ran_on}");
        }
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_owns_no_more_sessions_than_it_may() {
    for store in stores() {
        let program = fan_out(who());
        let one = RuntimeOptions {
            max_sessions_per_runtime: 2,
            ..worker("one")
        };
        let none = RuntimeOptions {
            max_sessions_per_runtime: 0,
            ..worker("none")
        };
        let one = World::start(store.clone(), &program, one).await;
        let none = World::start(store.clone(), &program, none).await;
        for session in ["a", "b"] {
            assert_eq!(one.output(session, "main", "3").await, "one");
        }
        one.client
            .start_orchestration("c", "main", "3")
            .await
            .unwrap();
        // What it owns already goes on, while the third session waits.
        for round in 0..3 {
            let id = format!("again-{round}");
            one.client
                .start_orchestration(&id, "main", "0")
                .await
                .unwrap();
            assert_eq!(completed(one.end(&id).await), "");
        }
        assert!(!one.status("c").await.is_terminal());
        let two = World::start(store, &program, worker("two")).await;
        assert_eq!(completed(one.end("c").await), "two");
        for world in [one, none, two] {
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_a_worker_that_is_gone_is_taken_over() {
    // Signals before and after: the session is used on the first worker, then again later.
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let first = ctx.schedule_activity_on_session("work", "", "a").await?;
            ctx.schedule_wait("go").await;
            let second = ctx.schedule_activity_on_session("work", "", "a").await?;
            Ok(format!("{first} {second}"))
        })
        .build();
    for store in stores() {
        let program = Program {
            orchestrations: orchestrations.clone(),
            ..fan_out(who())
        };
        let short = |name| RuntimeOptions {
            session_lock_timeout: Duration::from_millis(300),
            ..worker(name)
        };
        let one = World::start(store.clone(), &program, short("one")).await;
        one.client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        one.reach("a", 4).await;
        one.stop().await;
        let two = World::start(store, &program, short("two")).await;
        two.client.raise_event("a", "go", "").await.unwrap();
        assert_eq!(completed(two.end("a").await), "one two");
        two.stop().await;
    }
}

/// A claim lasts 30 seconds by itself: longer than this test waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_shut_down_gives_its_sessions_back() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let work = || ctx.schedule_activity_on_session("work", "", ctx.instance_id());
            let first = work().await?;
            ctx.schedule_wait("go").await;
            let second = work().await?;
            Ok(format!("{first} {second}"))
        })
        .build();
    let patient = || RuntimeOptions {
        session_lock_timeout: PATIENCE * 20,
        session_idle_timeout: PATIENCE * 40,
        ..Default::default()
    };
    for store in stores() {
        let program = Program {
            orchestrations: orchestrations.clone(),
            ..fan_out(who())
        };
        let one = World::start(store.clone(), &program, patient()).await;
        let client = &one.client;
        client.start_orchestration("a", "main", "").await.unwrap();
        one.reach("a", 4).await;
        one.stop().await;
        let two = World::start(store.clone(), &program, patient()).await;
        two.client.raise_event("a", "go", "").await.unwrap();
        let ran_on = completed(two.end("a").await);
        let (first, second) = ran_on.split_once(' ').unwrap();
        assert_ne!(first, second);
        two.stop().await;

        // A name that was chosen may come back: its claims stay.
        let named = || RuntimeOptions {
            worker_node_id: Some("named".to_owned()),
            ..patient()
        };
        let one = World::start(store.clone(), &program, named()).await;
        let client = &one.client;
        client.start_orchestration("b", "main", "").await.unwrap();
        one.reach("b", 4).await;
        one.stop().await;
        let other = World::start(store.clone(), &program, patient()).await;
        other.client.raise_event("b", "go", "").await.unwrap();
        other.reach("b", 6).await;
        let one = World::start(store, &program, named()).await;
        assert_eq!(completed(one.end("b").await), "named named");
        one.stop().await;
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_stays_with_its_worker_while_an_activity_of_it_runs() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let long = ctx.schedule_activity_on_session("long", "", "a");
            ctx.schedule_wait("go").await;
            let beside = ctx.schedule_activity_on_session("work", "", "a").await?;
            ctx.schedule_activity("finish", "").await?;
            Ok(format!("{} {beside}", long.await?))
        })
        .build();
    for store in stores() {
        let finish = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&finish);
        let activities = ActivityRegistry::builder()
            .register("work", |ctx: ActivityContext, _| async move {
                Ok(ctx.worker_id().to_owned())
            })
            .register("long", move |ctx: ActivityContext, _| {
                let waits = Arc::clone(&waits);
                async move {
                    waits.acquire().await.unwrap().forget();
                    Ok(ctx.worker_id().to_owned())
                }
            })
            .register("finish", move |_, _| {
                let finish = Arc::clone(&finish);
                async move {
                    finish.add_permits(1);
                    Ok(String::new())
                }
            })
            .build();
        let program = Program {
            activities,
            orchestrations: orchestrations.clone(),
        };
        let short = |name| RuntimeOptions {
            session_lock_timeout: Duration::from_millis(600),
            ..worker(name)
        };
        let one = World::start(store.clone(), &program, short("one")).await;
        one.client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        one.reach("a", 3).await;
        let fetched = || {
            one.runtime
                .metrics_snapshot()
                .unwrap()
                .worker_dispatcher_items_fetched
        };
        super::world::until(|| fetched() == 1).await;
        let two = World::start(store, &program, short("two")).await;
        // Longer than a claim lasts that nobody renews.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        one.client.raise_event("a", "go", "").await.unwrap();
        assert_eq!(completed(one.end("a").await), "one one");
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w44_activities_of_a_session_run_one_at_a_time_and_in_order_if_that_is_asked_for() {
    for store in stores() {
        let running = Arc::new(AtomicUsize::new(0));
        let order = Arc::new(Mutex::new(Vec::new()));
        let (now, seen) = (Arc::clone(&running), Arc::clone(&order));
        let activities = ActivityRegistry::builder()
            .register("work", move |ctx: ActivityContext, number: String| {
                let (now, seen) = (Arc::clone(&now), Arc::clone(&seen));
                async move {
                    assert_eq!(now.fetch_add(1, Ordering::SeqCst), 0, "they overlap");
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                    seen.lock().unwrap().push(number);
                    now.fetch_sub(1, Ordering::SeqCst);
                    Ok(ctx.worker_id().to_owned())
                }
            })
            .build();
        let program = fan_out(activities);
        let ordered = RuntimeOptions {
            session_ordering: SessionOrdering::OneAtATime,
            ..worker("shared")
        };
        // Two processes under one name: they share its sessions.
        let one = World::start(store.clone(), &program, ordered.clone()).await;
        let two = World::start(store, &program, ordered).await;
        assert_eq!(one.output("a", "main", "30").await, "shared");
        let wanted: Vec<_> = (0..30).map(|number| number.to_string()).collect();
        assert_eq!(*order.lock().unwrap(), wanted);
        one.stop().await;
        two.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn activities_of_a_session_may_overlap_by_default() {
    for store in stores() {
        let both = Arc::new(Barrier::new(2));
        let activities = ActivityRegistry::builder()
            .register("work", move |ctx: ActivityContext, _| {
                let both = Arc::clone(&both);
                async move {
                    let met = tokio::time::timeout(PATIENCE, both.wait()).await;
                    met.map_err(|_| "alone".to_owned())?;
                    Ok(ctx.worker_id().to_owned())
                }
            })
            .build();
        let world = World::start(store, &fan_out(activities), worker("one")).await;
        assert_eq!(world.output("a", "main", "2").await, "one");
        world.stop().await;
    }
}
