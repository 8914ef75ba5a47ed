//! Every limit: an option, or a number that cannot be chosen; exceeded, an error in clear words, and
//! nothing of what exceeded it is written.

use std::error::Error as _;
use std::sync::Arc;

use duroxide::engine::Limits;
use duroxide::storage::redb::{RedbOptions, RedbProvider};
use duroxide::{
    Client, ClientError, OrchestrationContext, OrchestrationStatus, RuntimeOptions, join_all,
};
use futures::future::BoxFuture;

use super::log::log;
use super::world::{World, completed, program};

type Code = BoxFuture<'static, Result<String, String>>;

/// A limit that an orchestration can meet.
struct Limit {
    /// Meets it; exceeds it by one if so told.
    code: fn(OrchestrationContext, bool) -> Code,
    limits: fn(Limits) -> Limits,
    store: fn(RedbOptions) -> RedbOptions,
    told: &'static str,
    /// The events of an instance that exceeded it.
    left: usize,
}

impl Limit {
    fn new(told: &'static str, code: fn(OrchestrationContext, bool) -> Code) -> Self {
        Self {
            code,
            limits: |limits| limits,
            store: |store| store,
            told,
            left: 2,
        }
    }

    fn of_the_engine(self, limits: fn(Limits) -> Limits) -> Self {
        Self { limits, ..self }
    }

    fn of_the_store(self, store: fn(RedbOptions) -> RedbOptions) -> Self {
        Self { store, ..self }
    }

    fn leaving(self, left: usize) -> Self {
        Self { left, ..self }
    }
}

/// Text of so many bytes, or of one more.
fn text(allowed: usize, too_much: bool) -> String {
    "x".repeat(allowed + usize::from(too_much))
}

fn of_payloads_and_turns() -> Vec<Limit> {
    let of_the_engine = Limit::new(
        "the input of the activity `echo` has 101 bytes; 100 are allowed",
        |ctx, much| Box::pin(async move { ctx.schedule_activity("echo", text(100, much)).await }),
    );
    let of_the_store = Limit::new("the input has 301 bytes; 300 are allowed", |ctx, much| {
        Box::pin(async move { ctx.schedule_activity("echo", text(300, much)).await })
    });
    let events = Limit::new("the turn has 11 events; 10 are allowed", |ctx, much| {
        Box::pin(async move {
            // Beside the start.
            let calls = (0..9 + usize::from(much)).map(|_| ctx.schedule_activity("echo", ""));
            join_all(calls).await;
            Ok(String::new())
        })
    });
    let bytes = Limit::new(
        "the events of the turn have 101 bytes; 100 are allowed",
        |ctx, much| {
            Box::pin(async move {
                let texts = [text(46, false), text(46, much)];
                join_all(texts.map(|text| ctx.schedule_activity("echo", text))).await;
                Ok(String::new())
            })
        },
    );
    let history = Limit::new("has 4 events; 4 are allowed", |ctx, much| {
        Box::pin(async move {
            for _ in 0..=usize::from(much) {
                ctx.schedule_activity("echo", "").await?;
            }
            Ok(String::new())
        })
    });
    vec![
        of_the_engine.of_the_engine(|limits| Limits {
            payload_bytes: 100,
            ..limits
        }),
        of_the_store.of_the_store(|store| store.max_payload_bytes(300)),
        events.of_the_store(|store| store.max_turn_events(10)),
        bytes.of_the_store(|store| store.max_turn_bytes(100)),
        // The message that would make it longer is consumed by the end.
        history
            .of_the_engine(|limits| Limits {
                history_events: 4,
                ..limits
            })
            .leaving(6),
    ]
}

fn of_what_is_kept() -> Vec<Limit> {
    let keys = Limit::new("`k3` would be key number 4; 3 are allowed", |ctx, much| {
        Box::pin(async move {
            for key in 0..3 + usize::from(much) {
                ctx.set_kv_value(format!("k{key}"), "");
            }
            Ok(String::new())
        })
    });
    let key = Limit::new("a key has 21 bytes; 20 are allowed", |ctx, much| {
        Box::pin(async move {
            ctx.set_kv_value(text(20, much), "");
            Ok(String::new())
        })
    });
    let value = Limit::new(
        "the value under `k` has 21 bytes; 20 are allowed",
        |ctx, much| {
            Box::pin(async move {
                ctx.set_kv_value("k", text(20, much));
                Ok(String::new())
            })
        },
    );
    let status = Limit::new(
        "the custom status has 21 bytes; 20 are allowed",
        |ctx, much| {
            Box::pin(async move {
                ctx.set_custom_status(text(20, much));
                Ok(String::new())
            })
        },
    );
    vec![
        keys.of_the_engine(|limits| Limits {
            kv_keys: 3,
            ..limits
        })
        .leaving(5),
        key.of_the_engine(|limits| Limits {
            kv_key_bytes: 20,
            ..limits
        }),
        value.of_the_engine(|limits| Limits {
            kv_value_bytes: 20,
            ..limits
        }),
        status.of_the_engine(|limits| Limits {
            custom_status_bytes: 20,
            ..limits
        }),
    ]
}

/// Names and ids are as long as options say.
fn of_chosen_names() -> Vec<Limit> {
    let names = |limits| Limits {
        name_bytes: 20,
        ..limits
    };
    let ids = |limits| Limits {
        id_bytes: 20,
        ..limits
    };
    let activity = Limit::new(
        "the name of an activity has 21 bytes; 20 are allowed",
        |ctx, much| {
            Box::pin(async move {
                let name = if much {
                    text(20, much)
                } else {
                    "echo".to_owned()
                };
                ctx.schedule_activity(name, "").await
            })
        },
    );
    let event = Limit::new(
        "the event name has 21 bytes; 20 are allowed",
        |ctx, much| {
            Box::pin(async move {
                drop(ctx.schedule_wait(text(20, much)));
                Ok(String::new())
            })
        },
    );
    let queue = Limit::new(
        "the queue name has 21 bytes; 20 are allowed",
        |ctx, much| {
            Box::pin(async move {
                drop(ctx.dequeue_event(text(20, much)));
                Ok(String::new())
            })
        },
    );
    let detached: fn(OrchestrationContext, bool) -> Code = |ctx, much| {
        Box::pin(async move {
            ctx.schedule_orchestration("nobody", text(20, much), "");
            Ok(String::new())
        })
    };
    let nobody: fn(OrchestrationContext, bool) -> Code = |ctx, much| {
        Box::pin(async move {
            ctx.schedule_orchestration(text(20, much), "x", "");
            Ok(String::new())
        })
    };
    vec![
        activity.of_the_engine(names),
        event.of_the_engine(names),
        queue.of_the_engine(names),
        Limit::new("the name of an orchestration has 21 bytes", nobody).of_the_engine(names),
        Limit::new("the id of an instance has 21 bytes", detached).of_the_engine(ids),
        Limit::new("the orchestration name has 21 bytes", nobody)
            .of_the_store(|store| store.max_name_bytes(20)),
        Limit::new("the instance id has 21 bytes", detached)
            .of_the_store(|store| store.max_id_bytes(20)),
    ]
}

/// What no option makes longer: names are keys in stores.
fn of_names() -> Vec<Limit> {
    vec![
        Limit::new("is 129 bytes long; 128 are allowed", |ctx, much| {
            Box::pin(async move {
                drop(ctx.schedule_wait(text(128, much)));
                Ok(String::new())
            })
        }),
        Limit::new("is 129 bytes long; 128 are allowed", |ctx, much| {
            Box::pin(async move {
                drop(ctx.dequeue_event(text(128, much)));
                Ok(String::new())
            })
        }),
        Limit::new("is 257 bytes long; 256 are allowed", |ctx, much| {
            Box::pin(async move {
                ctx.schedule_orchestration("nobody", text(256, much), "");
                Ok(String::new())
            })
        }),
        Limit::new("the tag has 257 bytes; 256 are allowed", |ctx, much| {
            Box::pin(async move {
                drop(ctx.schedule_activity("echo", "").with_tag(text(256, much)));
                Ok(String::new())
            })
        })
        // The call without the tag, and that it was dropped.
        .leaving(4),
        Limit::new(
            "the session id has 257 bytes; 256 are allowed",
            |ctx, much| {
                Box::pin(async move {
                    let session = text(256, much);
                    ctx.schedule_activity_on_session("echo", "", session).await
                })
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_of_an_orchestration_is_met_and_what_exceeds_it_is_not_written() {
    let limits = [
        of_payloads_and_turns(),
        of_what_is_kept(),
        of_chosen_names(),
        of_names(),
    ];
    for limit in limits.into_iter().flatten() {
        let code = limit.code;
        let program = program(move |ctx, input| code(ctx, input == "too much"));
        let store = (limit.store)(RedbProvider::options()).in_memory().unwrap();
        let options = RuntimeOptions {
            limits: (limit.limits)(Limits::default()),
            ..Default::default()
        };
        let world = World::start(Arc::new(store), &program, options).await;
        let told = limit.told;
        let met = world.run("met", "main", "").await;
        assert!(
            matches!(met, OrchestrationStatus::Completed { .. }),
            "{told}: {met:?}"
        );
        match world.run("exceeded", "main", "too much").await {
            OrchestrationStatus::Failed { details, .. } => {
                assert!(details.display_message().contains(told), "{details}");
            }
            other => panic!("{told}: {other:?}"),
        }
        let history = world.history("exceeded", 1).await;
        assert_eq!(history.len(), limit.left, "{told}: {history:?}");
        let shown = world.status("exceeded").await;
        assert_eq!(shown.custom_status(), None, "{told}");
        let values = world.client.get_kv_all_values("exceeded").await.unwrap();
        assert!(values.values().all(String::is_empty), "{told}: {values:?}");
        world.stop().await;
    }
}

#[tokio::test]
async fn every_limit_of_a_client_is_met_and_what_exceeds_it_is_refused() {
    let options = RedbProvider::options().max_payload_bytes(300).max_inbox(5);
    let store = Arc::new(options.in_memory().unwrap());
    let client = Client::new(store);
    client
        .start_orchestration(text(256, false), text(128, false), text(300, false))
        .await
        .unwrap();
    let refusals = [
        (
            client.start_orchestration(text(256, true), "o", "").await,
            "257 bytes long; 256 are allowed",
        ),
        (
            client.start_orchestration("a", text(128, true), "").await,
            "129 bytes long; 128 are allowed",
        ),
        (
            client.start_orchestration("a", "o", text(300, true)).await,
            "the input has 301 bytes; 300 are allowed",
        ),
    ];
    for (refusal, told) in refusals {
        assert!(words(refusal).contains(told), "{told}");
    }
    assert_eq!(client.list_all_instances().await.unwrap().len(), 1);

    client.start_orchestration("a", "o", "").await.unwrap();
    let before = depth(&client).await;
    let refusals = [
        (
            client.raise_event("a", text(128, true), "").await,
            "129 bytes long; 128 are allowed",
        ),
        (
            client.enqueue_event("a", text(128, true), "").await,
            "129 bytes long; 128 are allowed",
        ),
        (
            client.raise_event("a", "e", text(300, true)).await,
            "the data has 301 bytes; 300 are allowed",
        ),
        (
            client.enqueue_event("a", "q", text(300, true)).await,
            "the data has 301 bytes; 300 are allowed",
        ),
        (
            client.cancel_instance("a", text(300, true)).await,
            "the reason has 301 bytes; 300 are allowed",
        ),
    ];
    for (refusal, told) in refusals {
        assert!(words(refusal).contains(told), "{told}");
    }
    assert_eq!(depth(&client).await, before);
    let name = text(128, false);
    client
        .raise_event("a", &name, text(300, false))
        .await
        .unwrap();
    for _ in 0..4 {
        client.enqueue_event("a", &name, "").await.unwrap();
    }
    let full = client.enqueue_event("a", "q", "").await;
    assert!(words(full).contains("5 are allowed"));
    assert_eq!(depth(&client).await, before + 5);
}

#[tokio::test]
async fn a_store_takes_names_and_ids_as_long_as_it_was_told() {
    let options = RedbProvider::options().max_id_bytes(20).max_name_bytes(10);
    let client = Client::new(Arc::new(options.in_memory().unwrap()));
    let (id, name) = (text(20, false), text(10, false));
    client.start_orchestration(&id, &name, "").await.unwrap();
    client.raise_event(&id, &name, "").await.unwrap();
    let longer = text(10, true);
    let refusals = [
        (
            client.start_orchestration(text(20, true), "o", "").await,
            "the instance id has 21 bytes; 20 are allowed",
        ),
        (
            client.start_orchestration("a", &longer, "").await,
            "the orchestration name has 11 bytes; 10 are allowed",
        ),
        (
            client.raise_event(&id, &longer, "").await,
            "the name has 11 bytes; 10 are allowed",
        ),
        (
            client.enqueue_event(&id, &longer, "").await,
            "the name has 11 bytes; 10 are allowed",
        ),
    ];
    for (refusal, told) in refusals {
        assert!(words(refusal).contains(told), "{told}");
    }
    assert_eq!(client.list_all_instances().await.unwrap().len(), 1);
    assert_eq!(depth(&client).await, 2);
}

/// How many messages wait in all inboxes.
async fn depth(client: &Client) -> usize {
    client.get_queue_depths().await.unwrap().orchestrator_queue
}

/// Why a call was refused.
fn words(refused: Result<(), ClientError>) -> String {
    let error = refused.unwrap_err();
    let cause = error.source().map(ToString::to_string);
    format!("{error}: {}", cause.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_to_the_limit_goes_on_with_the_next_execution() {
    let program = program(|ctx, input| async move {
        if input == "again" {
            let values = ctx.get_kv_all_values();
            return Ok(values.values().map(String::len).sum::<usize>().to_string());
        }
        for key in 0..150 {
            ctx.set_kv_value(format!("k{key}"), "x".repeat(64 << 10));
            if key % 50 == 49 {
                // One turn has at most eight mebibytes.
                ctx.schedule_activity("echo", "").await?;
            }
        }
        ctx.continue_as_new("again").await
    });
    let store = RedbProvider::in_memory().unwrap();
    let world = World::start(Arc::new(store), &program, RuntimeOptions::default()).await;
    let kept = 150 * (64 << 10);
    assert_eq!(world.output("a", "main", "").await, kept.to_string());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_unread_messages_than_the_next_execution_may_inherit_fail_the_instance() {
    let program = program(|ctx, _| async move {
        ctx.schedule_wait("go").await;
        ctx.continue_as_new("again").await
    });
    let store = RedbProvider::in_memory().unwrap();
    let world = World::start(Arc::new(store), &program, RuntimeOptions::default()).await;
    let client = &world.client;
    client.start_orchestration("a", "main", "").await.unwrap();
    world.reach("a", 2).await;
    for _ in 0..5 {
        client
            .enqueue_event("a", "q", "x".repeat(1 << 20))
            .await
            .unwrap();
    }
    client.raise_event("a", "go", "").await.unwrap();
    let OrchestrationStatus::Failed { details, .. } = world.end("a").await else {
        panic!("it failed");
    };
    assert!(
        details.to_string().contains("unread queue messages"),
        "{details}"
    );
    world.stop().await;
}

/// A store that is opened with smaller limits than it was written with still ends what it has.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_in_under_larger_limits_is_read_under_smaller_ones() {
    let program = program(|ctx, input| async move {
        let told = ctx.dequeue_event("q").await;
        Ok((input.len() + told.len()).to_string())
    });
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("limits.redb");
    let store = RedbProvider::open(&path).unwrap();
    let client = Client::new(Arc::new(store));
    let large = "x".repeat(10_000);
    client
        .start_orchestration("a", "main", &large)
        .await
        .unwrap();
    client.enqueue_event("a", "q", &large).await.unwrap();
    drop(client);
    let store = RedbProvider::options().max_payload_bytes(100).open(&path);
    let world = World::start(
        Arc::new(store.unwrap()),
        &program,
        RuntimeOptions::default(),
    )
    .await;
    assert_eq!(completed(world.end("a").await), "20000");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_grows_long_is_warned_of_once() {
    let log = log();
    let program = program(|ctx, _| async move {
        for _ in 0..6 {
            ctx.schedule_activity("echo", "").await?;
        }
        Ok(String::new())
    });
    for (id, warn_events, warnings) in [("long-one", 6, 1), ("long-none", 0, 0)] {
        let options = RuntimeOptions {
            limits: Limits {
                warn_events,
                ..Limits::default()
            },
            ..Default::default()
        };
        let store = RedbProvider::in_memory().unwrap();
        let world = World::start(Arc::new(store), &program, options).await;
        completed(world.run(id, "main", "").await);
        world.stop().await;
        let lines = log.lines("duroxide::runtime", |line| {
            line.message.contains("grows long") && line.fields.contains(id)
        });
        assert_eq!(lines.len(), warnings, "{lines:?}");
        let named = ["events=6", "allowed=50000", "orchestration_name=\"main\""];
        assert!(
            lines
                .iter()
                .all(|line| named.iter().all(|it| line.fields.contains(it))),
            "{lines:?}"
        );
    }
}
