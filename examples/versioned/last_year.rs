//! The program as it was last year, with one version of each orchestration. In real life this is an
//! older build; here it is a runtime with handlers of its own, by name.

use std::sync::Arc;

use duroxide::prelude::*;
use duroxide::provider::Provider;
use duroxide::{ActivityRegistry, OrchestrationRegistry};
use examples::say;

/// Starts one instance of each kind, lets them come to where they wait, and ends.
pub(crate) async fn run(store: RedbProvider) -> examples::Result {
    let activities = ActivityRegistry::builder()
        .register_typed("pack", |_: ActivityContext, number: u64| async move {
            say!("last year: {number} is packed");
            Ok(())
        })
        .build();
    let store: Arc<dyn Provider> = Arc::new(store);
    let runtime = Runtime::start_with_store(Arc::clone(&store), activities, orchestrations()).await;
    let client = Client::new(store);
    for (number, name) in [(1, "order"), (2, "parcel"), (3, "subscription")] {
        let id = format!("{name}-{number}");
        client.start_orchestration_typed(&id, name, number).await?;
        let (unused, patience) = (Duration::ZERO, Duration::from_secs(60));
        let packed = client.wait_for_status_change(&id, 0, unused, patience);
        packed.await?;
    }
    runtime.shutdown(None).await;
    Ok(())
}

/// One version of each.
pub(crate) fn orchestrations() -> OrchestrationRegistry {
    OrchestrationRegistry::builder()
        .register_typed("order", pack_and_wait)
        .register_typed("parcel", pack_and_wait)
        .register_typed("subscription", pack_and_wait)
        .build()
}

/// All three began in the same way. Where they wait they are overtaken by the new program.
async fn pack_and_wait(ctx: OrchestrationContext, number: u64) -> Result<u64, String> {
    let packed = ctx.schedule_activity_typed::<u64, ()>("pack", &number);
    packed.await?;
    ctx.set_custom_status("packed");
    ctx.dequeue_event("go").await;
    Err("nothing got that far last year".to_owned())
}
