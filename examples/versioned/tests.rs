//! Who runs which code, and whether what waits since last year can go on.

use duroxide::OrchestrationRegistry;
use duroxide::testing::{Mock, Mocking as _, TestEnv, replay};

use super::*;

/// Mocks of all steps, so that the tests print nothing; this is the one of `check`.
fn steps(env: &TestEnv) -> Mock<(u64,), (), String> {
    env.mock::<pack>(|_number| Ok(()));
    env.mock::<ship>(|_number| Ok(()));
    env.mock::<check>(|_number| Ok(()))
}

#[duroxide::test]
async fn each_order_stays_on_its_version_over_a_crash(env: TestEnv) {
    let checked = steps(&env);
    let client = env.client();
    let old = order_v1::start(&client, 1).await.unwrap();
    let new = order::start(&client, 2).await.unwrap();
    env.settle().await;
    env.crash().await;
    for order in [&old, &new] {
        order.raise(Go).await.unwrap();
    }
    assert_eq!(old.result().await.unwrap(), 2);
    assert_eq!(new.result().await.unwrap(), 3);
    assert_eq!(checked.calls(), [(2,)], "the new one only");
}

#[duroxide::test]
async fn a_subscription_starts_over_in_the_new_version(env: TestEnv) {
    steps(&env);
    let subscription = subscription_v1::start(&env.client(), 3).await.unwrap();
    let version = async || subscription.info().await.unwrap().orchestration_version;
    env.settle().await;
    assert_eq!(version().await, "1.0.0");
    subscription.raise(Go).await.unwrap();
    assert_eq!(subscription.result().await.unwrap(), 4);
    assert_eq!(version().await, "2.0.0");
}

#[duroxide::test]
async fn a_new_parcel_takes_the_patch(env: TestEnv) {
    let checked = steps(&env);
    let parcel = parcel::start(&env.client(), 5).await.unwrap();
    parcel.raise(Go).await.unwrap();
    assert_eq!(parcel.result().await.unwrap(), 3);
    assert_eq!(checked.calls(), [(5,)]);
}

/// The check before a deployment: histories of the old program, replayed with the new one.
#[duroxide::test]
async fn what_waits_since_last_year_fits_todays_program(env: TestEnv) {
    steps(&env);
    env.register_orchestrations(&last_year::orchestrations());
    let client = env.client();
    let today = OrchestrationRegistry::linked().unwrap();
    for name in ["order", "parcel", "subscription"] {
        let started = client.start_orchestration_typed(name, name, 1_u64);
        started.await.unwrap();
        env.settle().await;
        let history = env.history(name).await.unwrap();
        let replayed = replay(&history, &today).unwrap();
        assert!(!replayed.ended, "`{name}` still waits");
    }
}
