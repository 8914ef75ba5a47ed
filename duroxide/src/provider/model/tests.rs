//! The model keeps its own contract, and notices what breaks it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use crate::env::TokioEnv;
use crate::history::{EventId, ExecutionId, InstanceId};
use crate::provider::ProviderRef;
use crate::provider::conformance::{Driver, ProviderFactory};

use super::ModelProvider;

mod broken;

#[derive(Debug, Default)]
struct ModelFactory {
    made: Mutex<Vec<ModelProvider>>,
}

impl ModelFactory {
    fn newest(&self) -> ModelProvider {
        self.made.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl ProviderFactory for ModelFactory {
    async fn create(&self) -> ProviderRef {
        let model = ModelProvider::new(Arc::new(TokioEnv::new()));
        self.made.lock().unwrap().push(model.clone());
        Arc::new(model)
    }

    async fn reopen(&self, _: ProviderRef) -> ProviderRef {
        let model = self.newest();
        model.restart();
        Arc::new(model)
    }

    async fn corrupt_messages(
        &self,
        provider: ProviderRef,
        instance: &InstanceId,
    ) -> Option<ProviderRef> {
        assert!(self.newest().corrupt_message(instance));
        Some(provider)
    }

    async fn corrupt_history(
        &self,
        provider: ProviderRef,
        instance: &InstanceId,
        execution_id: ExecutionId,
        event_id: EventId,
    ) -> Option<ProviderRef> {
        assert!(
            self.newest()
                .corrupt_history(instance, execution_id, event_id)
        );
        Some(provider)
    }

    async fn fail(&self, _: &ProviderRef, fails: bool) -> bool {
        self.newest().fail(fails);
        true
    }

    async fn check(&self) -> Result<(), String> {
        let made = self.made.lock().unwrap();
        made.iter().try_for_each(ModelProvider::check_invariants)
    }
}

crate::conformance_tests!(ModelFactory::default());

/// A scheduled activity that is on its way to nobody is what the conservation check is for.
#[tokio::test]
async fn an_obligation_that_nobody_has_is_noticed() {
    let factory = ModelFactory::default();
    let driver = Driver::new(&factory).await;
    driver
        .begin("a", |turn| {
            let turn = turn.schedule("x", "");
            turn.with(|commit| commit.activities.clear())
        })
        .await;
    let noticed = factory.check().await.unwrap_err();
    assert_eq!(noticed, "instance `a`: I9: event 2 is Open, 0 on the way");
}

/// The first violation stays, whatever happens afterwards.
#[tokio::test]
async fn work_that_nobody_asked_for_is_noticed() {
    let factory = ModelFactory::default();
    let driver = Driver::new(&factory).await;
    let activity = driver.begin_activity("a").await;
    driver.complete(&activity, "").await;
    driver
        .turn(|turn| turn.with(|commit| commit.history_delta.clear()))
        .await;
    assert!(factory.check().await.is_err());
    driver.begin("b", |turn| turn.complete("")).await;
    let noticed = factory.check().await.unwrap_err();
    assert_eq!(noticed, "instance `a`: I9: event 2 is Open, 0 on the way");
}

/// A parent that waits for a child that was never started would wait for ever.
#[tokio::test]
async fn a_child_that_nobody_starts_is_noticed() {
    let factory = ModelFactory::default();
    let driver = Driver::new(&factory).await;
    driver
        .begin("a", |turn| {
            let turn = turn.child("b");
            turn.with(|commit| commit.starts.clear())
        })
        .await;
    let noticed = factory.check().await.unwrap_err();
    assert_eq!(noticed, "instance `a`: I9: event 2 is Open, 0 on the way");
}

/// So would one whose child ends without a word.
#[tokio::test]
async fn a_child_that_ends_without_a_word_is_noticed() {
    let factory = ModelFactory::default();
    let driver = Driver::new(&factory).await;
    driver.begin("a", |turn| turn.child("b")).await;
    factory.check().await.unwrap();
    driver
        .turn(|turn| {
            let turn = turn.complete("");
            turn.with(|commit| commit.messages.clear())
        })
        .await;
    let noticed = factory.check().await.unwrap_err();
    assert_eq!(noticed, "instance `a`: I9: event 2 is Open, 0 on the way");
}

/// A next execution that begins with other values than the last one left is noticed.
#[tokio::test]
async fn values_that_are_not_handed_down_are_noticed() {
    let factory = ModelFactory::default();
    let driver = Driver::new(&factory).await;
    driver
        .begin("a", |turn| turn.set("k", "v").continue_as_new(""))
        .await;
    let noticed = factory.check().await.unwrap_err();
    assert!(noticed.contains("I15: the values are"), "{noticed}");
}
