//! Virtual time: it passes when all wait, or when the test says so.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[orchestration]
async fn kit_sleeper(ctx: &OrchestrationContext, days: u32) -> Result<u32, String> {
    for day in 0..days {
        ctx.schedule_timer(DAY).await;
        ctx.set_custom_status((day + 1).to_string());
    }
    Ok(days)
}

#[activity]
async fn kit_slow(_ctx: &ActivityContext, secs: u64) -> Result<(), String> {
    tokio::time::sleep(Duration::from_secs(secs)).await;
    Ok(())
}

#[orchestration]
async fn kit_patient(ctx: &OrchestrationContext, secs: u64) -> Result<(), String> {
    kit_slow(ctx, secs).await?;
    Ok(())
}

#[duroxide::test]
async fn thirty_days_pass_at_once(env: TestEnv) {
    let begun = env.now();
    let handle = kit_sleeper::start(&env.client(), 30).await.unwrap();
    assert_eq!(handle.result().await.unwrap(), 30);
    assert_eq!(env.elapsed(), 30 * DAY);
    assert_eq!(env.now().duration_since(begun).unwrap(), 30 * DAY);
}

#[duroxide::test]
async fn five_years_in_one_timer_pass_too(env: TestEnv) -> Result<(), String> {
    env.skip(5 * 365 * DAY).await;
    assert_eq!(env.elapsed(), 5 * 365 * DAY);
    Ok(())
}

#[duroxide::test]
async fn activities_that_sleep_sleep_in_virtual_time(env: TestEnv) {
    let handle = kit_patient::start(&env.client(), 7200).await.unwrap();
    handle.result().await.unwrap();
    assert_eq!(env.elapsed(), Duration::from_secs(7200));
}

#[duroxide::test(auto_skip = false)]
async fn without_auto_skip_time_stands_still_but_for_the_test(env: TestEnv) {
    let handle = kit_sleeper::start(&env.client(), 3).await.unwrap();
    let day = || async { handle.custom_status().await.unwrap() };
    env.settle().await;
    assert_eq!((env.elapsed(), day().await), (Duration::ZERO, None));
    env.skip(Duration::from_secs(24 * 60 * 60 - 1)).await;
    assert_eq!(day().await, None);
    env.skip(Duration::from_secs(1)).await;
    assert_eq!(day().await.as_deref(), Some("1"));
    env.skip(DAY + DAY / 2).await;
    assert_eq!(day().await.as_deref(), Some("2"));
    assert_eq!(env.elapsed(), 2 * DAY + DAY / 2);
    env.auto_skip(true);
    assert_eq!(handle.result().await.unwrap(), 3);
    assert_eq!(env.elapsed(), 3 * DAY);
}

#[duroxide::test(auto_skip = false)]
async fn one_skip_passes_many_timers_in_their_order(env: TestEnv) {
    let handle = kit_sleeper::start(&env.client(), 30).await.unwrap();
    env.skip(30 * DAY).await;
    assert!(handle.status().await.unwrap().is_terminal());
}

#[duroxide::test]
async fn the_patience_of_a_client_is_virtual_too(env: TestEnv) {
    let client = env.client();
    let handle = kit_sleeper::start(&client, 30).await.unwrap();
    let waited = client.wait_for_orchestration(handle.id(), 10 * DAY).await;
    assert!(matches!(waited, Err(duroxide::ClientError::Timeout)));
    assert_eq!(env.elapsed(), 10 * DAY);
}

#[duroxide::test]
async fn every_world_begins_with_the_same_clock_and_the_same_ids(env: TestEnv) {
    let handle = kit_sleeper::start(&env.client(), 1).await.unwrap();
    let of_one_run = (env.now(), handle.id().to_owned());
    let again = duroxide::testing::TestOptions::default();
    let in_thread = std::thread::spawn(move || {
        duroxide::testing::run(again, |env| async move {
            let handle = kit_sleeper::start(&env.client(), 1).await.unwrap();
            (env.now(), handle.id().to_owned())
        })
    });
    assert_eq!(in_thread.join().unwrap(), of_one_run);
}
