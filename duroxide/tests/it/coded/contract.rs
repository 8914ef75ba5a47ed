//! A coded store keeps the whole contract.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use duroxide::env::TokioEnv;
use duroxide::history::{EventId, ExecutionId, InstanceId};
use duroxide::provider::ProviderRef;
use duroxide::provider::conformance::ProviderFactory;
use duroxide::provider::model::ModelProvider;
use duroxide::storage::coded::CodedProvider;

use super::Sealed;

#[derive(Debug, Default)]
struct CodedModels {
    made: Mutex<Vec<ModelProvider>>,
}

impl CodedModels {
    fn newest(&self) -> ModelProvider {
        self.made.lock().unwrap().last().unwrap().clone()
    }
}

#[async_trait]
impl ProviderFactory for CodedModels {
    async fn create(&self) -> ProviderRef {
        let model = ModelProvider::new(Arc::new(TokioEnv::new()));
        self.made.lock().unwrap().push(model.clone());
        Arc::new(CodedProvider::new(model, Sealed))
    }

    async fn reopen(&self, _: ProviderRef) -> ProviderRef {
        let model = self.newest();
        model.restart();
        Arc::new(CodedProvider::new(model, Sealed))
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
        let model = self.newest();
        assert!(model.corrupt_history(instance, execution_id, event_id));
        Some(provider)
    }
}

duroxide::conformance_tests!(CodedModels::default());
