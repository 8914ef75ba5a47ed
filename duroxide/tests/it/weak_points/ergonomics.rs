//! What users meet: rows 58, 59, 61, 65, 66, 68 to 71, 73, 74, 76. The compiler's part, rows 55 and 56, is
//! in the tests of the macros; row 64 is in the tests of coded stores, row 72 in those of metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use duroxide::history::{InstanceId, Message};
use duroxide::testing::{RecordedHistory, replay};
use duroxide::{
    ActivityContext, ActivityRegistry, Client, ClientError, ErrorDetails, InstancePhase,
    InstanceSearch, OrchestrationContext, OrchestrationRegistry, RetryPolicy, RuntimeOptions,
};

use super::{memory, with_others, world};
use crate::runtime::world::{Program, World, completed, failed, program};

/// An activity that fails until its third attempt and tells what it knows of itself.
fn tells() -> Program {
    let activities = ActivityRegistry::builder()
        .register("tells", |ctx: ActivityContext, _| async move {
            let told = format!("{} {}", ctx.attempt(), ctx.idempotency_key());
            if ctx.attempt() < 3 {
                return Err(told);
            }
            assert!(!ctx.heartbeat("nearly there"), "nobody cancelled it");
            Ok(format!("{told} {:?}", ctx.progress()))
        })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register("main", |ctx: OrchestrationContext, _| async move {
            let policy = RetryPolicy::new(5).with_backoff(duroxide::BackoffStrategy::Fixed {
                delay: Duration::from_millis(1),
            });
            ctx.schedule_activity_with_retry("tells", "", policy).await
        })
        .build();
    Program {
        activities,
        orchestrations,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w58_w59_attempts_have_a_number_and_one_identity() {
    let world = world(&tells()).await;
    let told = world.output("a", "main", "").await;
    assert_eq!(told, "3 a/1/2 Some(\"nearly there\")");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w61_lists_come_in_pages() {
    let client = Client::new(memory());
    for number in 0..25 {
        let id = format!("i-{number:02}");
        client.start_orchestration(id, "o", "").await.unwrap();
    }
    let mut seen = Vec::new();
    let mut search = InstanceSearch::new().page_size(10);
    loop {
        let page = client.list_instances(&search).await.unwrap();
        assert!(page.instances.len() <= 10);
        seen.extend(page.instances.into_iter().map(|info| info.instance_id));
        let Some(next) = page.next else { break };
        search = search.after(next);
    }
    let expected: Vec<String> = (0..25).map(|number| format!("i-{number:02}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn w65_an_exported_history_replays() {
    let program = with_others(|ctx, text| async move {
        ctx.set_kv_value("k", "v");
        ctx.schedule_sub_orchestration("echoes", text).await
    });
    let world = world(&program).await;
    world.output("a", "main", "x").await;
    let history = RecordedHistory::export(&world.client, "a", 1)
        .await
        .unwrap();
    let history = RecordedHistory::from_json(&history.to_json().unwrap()).unwrap();
    assert!(replay(&history, &program.orchestrations).unwrap().ended);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w66_code_that_differs_from_run_to_run_is_found_by_running_it_twice() {
    let runs = Arc::new(AtomicU64::new(0));
    let counted = program(move |ctx: OrchestrationContext, _| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move { ctx.schedule_activity("echo", run.to_string()).await }
    });
    let options = RuntimeOptions {
        replay_twice: true,
        ..RuntimeOptions::default()
    };
    let world = World::start(memory(), &counted, options.clone()).await;
    let details = failed(world.run("a", "main", "").await);
    assert!(
        matches!(details, ErrorDetails::Configuration { .. }),
        "{details}"
    );
    assert!(details.to_string().contains("`0`"), "{details}");
    world.stop().await;
    // Honest code does not notice.
    let honest = with_others(|ctx, text| async move {
        ctx.schedule_timer(Duration::ZERO).await;
        ctx.schedule_sub_orchestration("echoes", text).await
    });
    let world = World::start(memory(), &honest, options).await;
    assert_eq!(world.output("a", "main", "x").await, "x");
    world.stop().await;
}

#[test]
fn w68_every_page_is_compiled_with_the_tests() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::fs::read_to_string(root.join("src/doc_tests.rs")).unwrap();
    for page in std::fs::read_dir(root.join("../docs/guide")).unwrap() {
        let name = page.unwrap().file_name().into_string().unwrap();
        assert!(listed.contains(&format!("docs/guide/{name}")), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w69_every_phase_has_a_name() {
    let store = memory();
    let client = Client::new(Arc::clone(&store));
    let phase = async |id: &str| client.get_instance_info(id).await.unwrap().phase;
    for id in ["a", "b"] {
        client.start_orchestration(id, "waits", "").await.unwrap();
    }
    assert_eq!(phase("a").await, InstancePhase::Pending);
    let program = with_others(|_, _| async { Err("no".to_owned()) });
    let world = World::start(store, &program, RuntimeOptions::default()).await;
    world.reach("a", 2).await;
    assert_eq!(phase("a").await, InstancePhase::Running);
    world.client.cancel_instance("a", "why").await.unwrap();
    world.end("a").await;
    assert_eq!(phase("a").await, InstancePhase::Cancelled);
    world.client.raise_event("b", "never", "").await.unwrap();
    world.end("b").await;
    assert_eq!(phase("b").await, InstancePhase::Completed);
    world.run("c", "main", "").await;
    assert_eq!(phase("c").await, InstancePhase::Failed);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w70_a_wait_ends_at_its_deadline() {
    let client = Client::new(memory());
    client.start_orchestration("a", "o", "").await.unwrap();
    let waited = client
        .wait_for_orchestration("a", Duration::from_millis(20))
        .await;
    assert!(matches!(waited, Err(ClientError::Timeout)));
    let waited = client
        .wait_for_orchestration("nobody", Duration::ZERO)
        .await;
    assert!(matches!(waited, Err(ClientError::Timeout)));
}

#[tokio::test(flavor = "multi_thread")]
async fn w71_values_keep_their_type() {
    let program = program(|ctx: OrchestrationContext, _| async move {
        ctx.set_kv_value_typed("text", &"123");
        ctx.set_kv_value_typed("number", &123);
        let text: Option<String> = ctx.get_kv_value_typed("text")?;
        let number: Option<u64> = ctx.get_kv_value_typed("number")?;
        assert!(ctx.get_kv_value_typed::<u64>("text").is_err());
        Ok(format!("{text:?} {number:?}"))
    });
    let world = world(&program).await;
    assert_eq!(
        world.output("a", "main", "").await,
        "Some(\"123\") Some(123)"
    );
    let text = world.client.get_kv_value_typed::<String>("a", "text").await;
    assert_eq!(text.unwrap().as_deref(), Some("123"));
    assert!(
        world
            .client
            .get_kv_value_typed::<String>("a", "number")
            .await
            .is_err()
    );
    world.stop().await;
}

#[test]
fn w73_no_global_subscriber_is_installed() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                for global in ["set_global_default", "set_global_recorder", "try_init("] {
                    assert!(!text.contains(global), "{}: {global}", path.display());
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w74_figures_are_those_of_the_store() {
    let program = program(|ctx: OrchestrationContext, _| async move {
        ctx.set_kv_value("key", "four");
        let _far = ctx.schedule_timer(Duration::from_secs(3_600));
        ctx.schedule_wait("go").await;
        let stats = ctx.get_system_stats().unwrap();
        Ok(format!(
            "{} {}",
            stats.kv_user_key_count, stats.queue_pending_count
        ))
    });
    let world = world(&program).await;
    world
        .client
        .start_orchestration("a", "main", "")
        .await
        .unwrap();
    world.reach("a", 4).await;
    world
        .client
        .enqueue_event("a", "q", "unread")
        .await
        .unwrap();
    world.reach("a", 5).await;
    let stats = world
        .client
        .get_orchestration_stats("a")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stats.history_event_count, 5);
    assert_eq!(
        (stats.kv_user_key_count, stats.kv_total_value_bytes),
        (1, 4)
    );
    let depths = world.client.get_queue_depths().await.unwrap();
    assert_eq!(depths.timer_queue, 1);
    world.client.raise_event("a", "go", "").await.unwrap();
    assert_eq!(completed(world.end("a").await), "1 1");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w76_a_message_for_nobody_beside_a_live_instance_is_refused() {
    let store = memory();
    let client = Client::new(Arc::clone(&store));
    client.start_orchestration("a", "o", "").await.unwrap();
    let ghost = InstanceId::new("ghost").unwrap();
    let message = Message::ExternalEvent {
        name: "e".to_owned(),
        data: String::new(),
    };
    assert!(store.enqueue(&ghost, 1, message).await.is_err());
    assert_eq!(client.list_all_instances().await.unwrap(), ["a"]);
}
