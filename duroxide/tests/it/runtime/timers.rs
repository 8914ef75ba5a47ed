//! Durable timers.

use std::time::{Duration, SystemTime};

use duroxide::{EventKind, join_all};

use super::world::{World, completed, everywhere, live_on_and_off, program, stores};

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_never_fires_early() {
    let program = program(|ctx, _| async move {
        let before = ctx.now();
        ctx.schedule_timer(Duration::from_millis(30)).await;
        let took = ctx.now().duration_since(before).unwrap();
        Ok(took.as_millis().to_string())
    });
    everywhere(program, async |world| {
        let took: u128 = world.output("a", "main", "").await.parse().unwrap();
        assert!(took >= 30, "{took}");
        for event in world.history("a", 1).await {
            if let EventKind::TimerFired { fire_at } = event.kind {
                assert!(event.timestamp >= fire_at);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_fire_in_the_order_of_their_time() {
    let program = program(|ctx, _| async move {
        let waits = [40_u64, 10, 0, 25].map(|delay| {
            let ctx = ctx.clone();
            async move {
                ctx.schedule_timer(Duration::from_millis(delay)).await;
                (ctx.now(), delay)
            }
        });
        let mut fired = join_all(waits).await;
        fired.sort();
        Ok(fired
            .iter()
            .map(|(_, delay)| delay.to_string())
            .collect::<Vec<_>>()
            .join(" "))
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "0 10 25 40");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_that_has_passed_is_not_waited_for() {
    let program = program(|ctx, _| async move {
        ctx.sleep_until(SystemTime::UNIX_EPOCH).await;
        let late = ctx
            .timeout(Duration::ZERO, ctx.schedule_timer(Duration::from_secs(60)))
            .await;
        Ok(String::from(late.unwrap_err()))
    });
    everywhere(program, async |world| {
        assert_eq!(world.output("a", "main", "").await, "the time ran out");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_outlives_the_runtime_that_made_it() {
    let program = program(|ctx, _| async move {
        ctx.schedule_timer(Duration::from_millis(100)).await;
        Ok("fired".to_owned())
    });
    for options in live_on_and_off() {
        for store in stores() {
            let world = World::start(store, &program, options.clone()).await;
            world
                .client
                .start_orchestration("a", "main", "")
                .await
                .unwrap();
            world.reach("a", 2).await;
            let world = world.redeploy(&program).await;
            assert_eq!(completed(world.end("a").await), "fired");
            world.stop().await;
        }
    }
}
