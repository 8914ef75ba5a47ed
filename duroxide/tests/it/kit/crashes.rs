//! The same run, cut at every write to the store and continued, ends the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use duroxide::prelude::*;
use duroxide::testing::TestEnv;

#[activity]
async fn kit_double(_ctx: &ActivityContext, number: u64) -> Result<u64, String> {
    Ok(2 * number)
}

#[orchestration]
async fn kit_many(ctx: &OrchestrationContext, numbers: Vec<u64>) -> Result<u64, String> {
    ctx.schedule_timer(Duration::from_secs(60)).await;
    let doubled = join_all(numbers.into_iter().map(|number| kit_double(ctx, number))).await;
    let mut sum = 0;
    for number in doubled {
        sum += number?;
    }
    let go = ctx.schedule_wait("go").await;
    Ok(sum + go.len() as u64)
}

/// How often a run with this number of activities is made.
async fn runs_of(env: &TestEnv, activities: u64) -> usize {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let output = env.crash_at_every_event(move |env| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            let numbers = (0..activities).collect();
            let handle = kit_many::start(&env.client(), numbers)
                .id("many")
                .await
                .unwrap();
            env.raise_event_after(Duration::from_secs(3600), "many", "go", "now");
            (handle.result().await.unwrap(), env.elapsed())
        }
    });
    let (sum, elapsed) = output.await;
    assert_eq!(sum, (0..activities).map(|it| 2 * it).sum::<u64>() + 3);
    assert_eq!(elapsed, Duration::from_secs(3600), "a crash takes no time");
    runs.load(Ordering::SeqCst)
}

#[duroxide::test]
async fn a_run_that_is_cut_anywhere_ends_the_same(env: TestEnv) {
    // At least: the start, the timer and the event are turns; each activity completes. Each is cut
    // before and after, and once nothing is.
    let (few, many) = (runs_of(&env, 1).await, runs_of(&env, 5).await);
    assert!(few > 2 * 4, "{few}");
    assert!(many >= few + 2 * 4, "{many}");
}

#[duroxide::test]
async fn a_crash_by_hand_repeats_what_was_under_way_and_nothing_else(env: TestEnv) {
    let doubled = env.mock_named("kit_double", |number| async move {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Ok(number)
    });
    let handle = kit_many::start(&env.client(), vec![7])
        .id("many")
        .await
        .unwrap();
    env.skip(Duration::from_secs(65)).await;
    assert_eq!(doubled.count(), 1);
    env.crash().await;
    env.skip(Duration::from_secs(20)).await;
    assert_eq!(doubled.count(), 2, "its result was not written yet");
    env.crash().await;
    env.client().raise_event("many", "go", "").await.unwrap();
    assert_eq!(handle.result().await.unwrap(), 7);
    assert_eq!(doubled.count(), 2);
}

#[test]
#[should_panic(expected = "went on, and gave `2`; without the crash it gives `1`")]
fn a_run_that_ends_otherwise_is_told() {
    let runs = AtomicUsize::new(0);
    duroxide::testing::run(
        duroxide::testing::TestOptions::default(),
        async |env: TestEnv| {
            let run = |env: TestEnv| {
                let run = runs.fetch_add(1, Ordering::SeqCst);
                async move {
                    kit_many::start(&env.client(), vec![]).await.unwrap();
                    env.settle().await;
                    1 + run.min(1)
                }
            };
            env.crash_at_every_event(run).await
        },
    );
}

#[duroxide::test]
#[should_panic(expected = "in a run of `crash_at_every_event`: the test waits for something")]
async fn a_cut_run_that_never_ends_is_told_too(env: TestEnv) {
    let run = |env: TestEnv| async move {
        let handle = kit_many::start(&env.client(), vec![]).await.unwrap();
        handle.result().await.unwrap()
    };
    env.crash_at_every_event(run).await;
}
