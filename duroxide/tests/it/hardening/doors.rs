//! Names and ids at every door: what one refuses all refuse, whoever knocks.

use std::any::Any;
use std::sync::Arc;

use duroxide::engine::Outcome;
use duroxide::env::TokioEnv;
use duroxide::history::{InstanceId, check_name, is_reserved_id};
use duroxide::provider::model::ModelProvider;
use duroxide::{
    ActivityContext, ActivityRegistry, Client, ClientError, EventKind, OrchestrationContext,
    OrchestrationRegistry,
};
use futures::executor::block_on;
use proptest::prelude::*;

use crate::support::{Live, Program};

/// The rule, in other words than those of the product.
fn is_allowed(text: &str, most: usize) -> bool {
    let is_letter = |byte: u8| {
        let others = [b'.', b'_', b':', b'/', b'@', b'-'];
        matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') || others.contains(&byte)
    };
    (1..=most).contains(&text.len()) && text.bytes().all(is_letter) && text.find("__") != Some(0)
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9._:/@-]{0,8}",
        2 => "[A-Za-z0-9._:/@-]{120,270}",
        2 => "(_|__|sub::|a::sub::|__duroxide_syscall:)[a-z0-9_]{0,3}",
        3 => any::<String>(),
        1 => "[ -~]{1,5}",
    ]
}

fn client() -> Client {
    let client = Client::new(Arc::new(ModelProvider::new(Arc::new(TokioEnv::new()))));
    block_on(client.start_orchestration("there", "main", "")).unwrap();
    client
}

/// Whether the client took it; a refusal is one of the input, and nothing was written.
fn took(answer: Result<(), ClientError>) -> bool {
    match answer {
        Ok(()) => true,
        Err(ClientError::InvalidInput { .. }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// What a call came to in the code, kept as long as the code runs.
type Kept = Box<dyn Any + Send>;

/// What a context made of a name: whether the call was written down.
fn asked(code: impl Fn(&OrchestrationContext) -> Kept + Clone + Send + Sync + 'static) -> bool {
    let program = Program::new(move |ctx| {
        let code = code.clone();
        async move {
            let kept = code(&ctx);
            let never = ctx.schedule_wait("never").await;
            drop(kept);
            Ok(never)
        }
    });
    is_asked(&program.start())
}

fn is_asked(live: &Live) -> bool {
    live.history.iter().any(|event| {
        matches!(
            event.kind,
            EventKind::ActivityScheduled { .. }
                | EventKind::SubOrchestrationScheduled { .. }
                | EventKind::OrchestrationChained { .. }
                | EventKind::QueueSubscribed { .. }
        )
    })
}

/// The doors for names, with whether they let one in.
fn doors_of_names(client: &Client, name: &str) -> Vec<(&'static str, bool)> {
    let own = || name.to_owned();
    let activities = ActivityRegistry::builder()
        .register(name, |_: ActivityContext, _| async { Ok(String::new()) })
        .build();
    let orchestrations = OrchestrationRegistry::builder()
        .register(name, |_, _| async { Ok(String::new()) })
        .build();
    let id = format!("i{:x}", fresh());
    let (a, b, c, d) = (own(), own(), own(), own());
    vec![
        ("check_name", check_name("name", name).is_ok()),
        ("an activity", activities.problems().is_empty()),
        ("an orchestration", orchestrations.problems().is_empty()),
        (
            "a start",
            took(block_on(client.start_orchestration(id, name, ""))),
        ),
        (
            "an event",
            took(block_on(client.raise_event("there", name, ""))),
        ),
        (
            "a queue",
            took(block_on(client.enqueue_event("there", name, ""))),
        ),
        (
            "a call",
            asked(move |ctx| Box::new(ctx.schedule_activity(a.as_str(), ""))),
        ),
        (
            "a child",
            asked(move |ctx| Box::new(ctx.schedule_sub_orchestration(b.as_str(), ""))),
        ),
        (
            "a detached start",
            asked(move |ctx| {
                ctx.schedule_orchestration(c.as_str(), "other", "");
                Box::new(())
            }),
        ),
        (
            "a wait in a queue",
            asked(move |ctx| Box::new(ctx.dequeue_event(d.as_str()))),
        ),
    ]
}

fn fresh() -> u128 {
    use duroxide::env::Env as _;
    TokioEnv::new().unique_id()
}

/// The doors for ids.
fn doors_of_ids(client: &Client, id: &str) -> Vec<(&'static str, bool)> {
    let (a, b) = (id.to_owned(), id.to_owned());
    let start = block_on(client.start_orchestration(id, "main", ""));
    vec![
        (
            "a start",
            took(match start {
                Err(ClientError::AlreadyExists { .. }) => Ok(()),
                other => other,
            }),
        ),
        (
            "a child",
            asked(move |ctx| {
                Box::new(ctx.schedule_sub_orchestration_with_id("child", a.as_str(), ""))
            }),
        ),
        (
            "a detached start",
            asked(move |ctx| {
                ctx.schedule_orchestration("other", b.as_str(), "");
                Box::new(())
            }),
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn every_door_lets_the_same_names_in(name in texts()) {
        let expected = is_allowed(&name, 128);
        for (door, let_in) in doors_of_names(&client(), &name) {
            prop_assert_eq!(let_in, expected, "{}: {:?}", door, name);
        }
    }

    #[test]
    fn every_door_lets_the_same_ids_in(id in texts()) {
        let is_one = is_allowed(&id, 256);
        prop_assert_eq!(InstanceId::new(&id).is_ok(), is_one);
        let reserved = id.starts_with("sub::") || id.contains("::sub::");
        prop_assert_eq!(is_reserved_id(&id), reserved);
        for (door, let_in) in doors_of_ids(&client(), &id) {
            prop_assert_eq!(let_in, is_one && !reserved, "{}: {:?}", door, id);
        }
    }
}

/// The runtime answers some calls itself. Code that takes the name of an activity from its input must
/// not be led to make one.
#[test]
fn a_call_of_the_runtime_itself_cannot_be_made_by_its_name() {
    let program = Program::new(|ctx| async move {
        let input = r#"{"instance":"other","key":"secret"}"#;
        ctx.schedule_activity("__duroxide_syscall:read_kv", input)
            .await
    });
    let live = program.start();
    assert!(!is_asked(&live), "{:?}", live.lines());
    let Outcome::Failed(details) = &live.outcome else {
        panic!("{:?}", live.outcome);
    };
    assert!(details.to_string().contains("reserved"), "{details}");
    live.check();
    // The verb that makes it still does.
    let program = Program::new(|ctx| async move {
        let value = ctx.get_kv_value_from_instance("other", "key").await?;
        Ok(value.unwrap_or_default())
    });
    assert!(is_asked(&program.start()));
}

/// Two children never have one id: it says whose they are, which execution asked, and with which event.
#[test]
fn ids_that_are_made_up_are_never_two_instances() {
    let made = |parent: &str, execution: u64| {
        let program = Program::new(|ctx| async move {
            let both = [(); 2].map(|()| ctx.schedule_sub_orchestration("c", ""));
            let never = ctx.schedule_wait("never").await;
            drop(both);
            Ok(never)
        });
        let execution_id = duroxide::history::ExecutionId(execution);
        let mut execution = program.execution_of(parent, execution_id);
        let start = duroxide::history::Start {
            execution_id,
            ..duroxide::history::Start::first("test", String::new(), 7)
        };
        let start = duroxide::history::Message::Start(start);
        let turn = duroxide::engine::run_turn(&mut execution, [(start, crate::support::at(1))]);
        let ids = turn
            .history_delta
            .into_iter()
            .filter_map(|event| match event.kind {
                EventKind::SubOrchestrationScheduled { instance, .. } => Some(instance),
                _ => None,
            });
        ids.collect::<Vec<_>>()
    };
    let mut all = Vec::new();
    for parent in ["a", "a::sub::2", "a::sub::2_2", "a:", "a:sub"] {
        for execution in [1, 2, 22] {
            let ids = made(parent, execution);
            assert_eq!(ids.len(), 2, "{parent} {execution}");
            assert!(ids.iter().all(|id| is_reserved_id(id)), "{ids:?}");
            all.extend(ids);
        }
    }
    let many = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), many);
}
