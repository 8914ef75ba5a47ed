//! Names and paths that programs import.

#![expect(unused_imports, reason = "that they are there is the test")]

use std::sync::Arc;

use async_trait::async_trait;
use duroxide::providers::error::ProviderError as ErrorOfStores;
use duroxide::providers::{Provider as StoreByPath, QueueDepths as DepthsByPath};
use duroxide::runtime::limits::{
    MAX_CUSTOM_STATUS_BYTES, MAX_KV_KEYS, MAX_KV_VALUE_BYTES, MAX_TAG_NAME_BYTES,
};
use duroxide::runtime::registry::{ActivityRegistry, VersionPolicy};
use duroxide::runtime::{
    ActivityHandler, FnActivity, FnOrchestration, OrchestrationHandler,
    OrchestrationRegistryBuilder, OrchestrationStatus, Runtime, RuntimeOptions, observability,
    replay_engine,
};
use duroxide::{
    Action, AppErrorKind, BackoffStrategy, Client, ClientError, ConfigErrorKind, DurableFuture,
    Either2, Either3, ErrorDetails, Event, EventKind, ExecutionInfo, INITIAL_EVENT_ID,
    INITIAL_EXECUTION_ID, InstanceFilter, InstanceInfo, InstanceTree, LogLevel, MetricsSnapshot,
    OrchestrationContext, OrchestrationDescriptor, OrchestrationHandlerRef, OrchestrationRegistry,
    PoisonMessageType, ProviderAdmin, ProviderRef, PruneOptions, PruneResult, QueueDepths,
    RetryPolicy, SUB_ORCH_AUTO_PREFIX, SystemMetrics, SystemStats, TagFilter,
    build_child_instance_id, current_build_version, is_auto_generated_sub_orch_id,
};

use super::start;

#[test]
fn constants_and_small_functions_are_there() {
    assert_eq!((INITIAL_EXECUTION_ID, INITIAL_EVENT_ID), (1, 1));
    assert_eq!((MAX_KV_KEYS, MAX_KV_VALUE_BYTES), (150, 65_536));
    assert_eq!(
        (MAX_CUSTOM_STATUS_BYTES, MAX_TAG_NAME_BYTES),
        (262_144, 256)
    );
    assert!(is_auto_generated_sub_orch_id("sub::3") && !is_auto_generated_sub_orch_id("a"));
    assert_eq!(build_child_instance_id("p", "sub::3"), "p::sub::3");
    assert_eq!(build_child_instance_id("p", "own"), "own");
    assert_eq!(
        current_build_version().to_string(),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(String::from(LogLevel::Warn), "warn");
    assert!(LogLevel::Info < LogLevel::Error);
}

struct Counting;

#[async_trait]
impl OrchestrationHandler for Counting {
    async fn invoke(&self, ctx: OrchestrationContext, input: String) -> Result<String, String> {
        ctx.trace(LogLevel::Info, "counting");
        ctx.schedule_activity("Length", input).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_can_be_a_type() {
    let length = |_ctx: duroxide::ActivityContext, text: String| async move {
        Ok::<_, String>(text.len().to_string())
    };
    let activities = ActivityRegistry::builder()
        .register_handler("Length", Arc::new(FnActivity(length)))
        .build_result()
        .unwrap();
    let handler: OrchestrationHandlerRef = Arc::new(Counting);
    let orchestrations = OrchestrationRegistry::builder()
        .register_handler("Count", "1.0.0", handler)
        .build_result()
        .unwrap();
    let app = start(activities, orchestrations).await;
    assert_eq!(app.run("a", "Count", "four").await.unwrap(), "4");
    app.stop().await;
}
