//! Instances that a turn starts and nobody waits for.

use crate::history::{InstanceId, Message};
use crate::provider::TurnItem;

use super::assertions::messages;
use super::driver::Driver;
use super::turn::Script;
use super::{ProviderFactory, Turn, first_start};

async fn fetch(driver: &Driver<'_>, id: &str) -> TurnItem {
    driver.fetch_turn_of(&InstanceId::new(id).unwrap()).await
}

/// It is an instance of its own, and its end is nobody's business.
pub async fn a_detached_instance_has_no_parent(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver.begin("a", |turn| turn.detached("b")).await;
    let item = driver.turn(|turn| turn.complete("")).await;
    assert_eq!(
        (item.orchestration.as_str(), &item.parent),
        ("detached", &None)
    );
    assert_eq!(
        messages(&item),
        [Message::Start(first_start("detached", "in"))]
    );
    assert_eq!(driver.status(&item.lock.instance).await.parent, None);
    driver.expect_no_turn().await;
}

/// If its id is taken nothing happens at all.
pub async fn a_taken_id_starts_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let other = driver.begin("b", |turn| turn.schedule("x", "")).await;
    let before = driver.status(&other).await;
    driver.begin("a", |turn| turn.detached("b")).await;
    assert_eq!(driver.status(&other).await, before);
    driver.expect_no_turn().await;
}

/// A turn that ends its instance can start others.
pub async fn an_ending_turn_starts_others(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let endings: [(&str, Script); 3] = [
        ("well", |turn| turn.detached("after-well").complete("")),
        ("badly", |turn| turn.detached("after-badly").fail("x")),
        ("anew", |turn| {
            turn.detached("after-anew").continue_as_new("")
        }),
    ];
    for (id, script) in endings {
        driver.begin(id, script).await;
        let item = fetch(&driver, &format!("after-{id}")).await;
        driver.commit(&item, Turn::of(&item).complete("")).await;
    }
}

/// It outlives its starter.
pub async fn a_detached_instance_outlives_its_starter(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let starter = driver
        .begin("a", |turn| turn.detached("b").complete(""))
        .await;
    if let Some(admin) = driver.admin() {
        admin.delete(&[starter], false).await.unwrap();
    }
    let driver = driver.reopen().await;
    let item = fetch(&driver, "b").await;
    driver.commit(&item, Turn::of(&item).complete("")).await;
    driver.expect_no_turn().await;
}
