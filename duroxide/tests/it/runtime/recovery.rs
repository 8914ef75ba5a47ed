//! A runtime that stops at any moment, and another that goes on.

use std::time::Duration;

use duroxide::{join_all, join2};

use super::world::{World, completed, live_on_and_off, program, stores};

#[tokio::test(flavor = "multi_thread")]
async fn instances_go_on_under_the_next_runtime() {
    let program = program(|ctx, input| async move {
        let mut text = input;
        for number in 0..10 {
            let step = ctx.schedule_activity("echo", format!("{text}{number}"));
            let pause = ctx.schedule_timer(Duration::from_millis(2));
            let (output, ()) = join2(step, pause).await;
            text = output?;
        }
        Ok(text)
    });
    for options in live_on_and_off() {
        for store in stores() {
            let mut world = World::start(store, &program, options.clone()).await;
            let ids: Vec<String> = (0..20).map(|number| format!("i-{number}")).collect();
            for id in &ids {
                world
                    .client
                    .start_orchestration(id, "main", ">")
                    .await
                    .unwrap();
            }
            for events in [3, 11, 19, 27] {
                world.reach("i-7", events).await;
                world = world.redeploy(&program).await;
            }
            let ends = join_all(ids.iter().map(|id| world.end(id))).await;
            for end in ends {
                assert_eq!(completed(end), ">0123456789");
            }
            world.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runtimes_share_a_store() {
    let program = program(|ctx, input| async move {
        let mut text = input;
        for number in 0..5 {
            text = ctx
                .schedule_activity("echo", format!("{text}{number}"))
                .await?;
        }
        Ok(text)
    });
    for options in live_on_and_off() {
        for store in stores() {
            let one = World::start(store.clone(), &program, options.clone()).await;
            let two = World::start(store, &program, options.clone()).await;
            let runs = (0..50).map(|number| {
                let world = if number % 2 == 0 { &one } else { &two };
                async move { world.output(&format!("i-{number}"), "main", ">").await }
            });
            for output in join_all(runs).await {
                assert_eq!(output, ">01234");
            }
            one.stop().await;
            two.stop().await;
        }
    }
}
