//! Random programs, and a world that answers what they ask for in a random order.

use std::collections::BTreeMap;
use std::time::Duration;

use duroxide::engine::Outcome;
use duroxide::history::{Action, AppErrorKind, ErrorDetails, ExecutionId, Message};
use duroxide::time::Timestamp;
use duroxide::{
    BackoffStrategy, OrchestrationContext, RetryPolicy, join_all, join2, join3, select_all,
    select2, select3,
};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use proptest::prelude::*;

use super::{Live, Program, completed, failed, fired, queued, raised, start};

/// One statement of a random program.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Call(u8),
    Timer(u8),
    /// Waits for one of a few events.
    Wait(u8),
    /// Takes the next message of one of a few queues.
    Dequeue(u8),
    /// Asked for and dropped.
    Dropped(u8),
    /// Asked for and never seen again.
    Forgotten(u8),
    Now,
    Guid,
    Random,
    Sequence(Vec<Op>),
    /// Asked for before and awaited behind the other.
    Around(u8, Box<Op>),
    Join2(Box<[Op; 2]>),
    Join3(Box<[Op; 3]>),
    JoinAll(Vec<Op>),
    Limited(usize, Vec<Op>),
    /// Of the `futures` crate.
    JoinedElsewhere(Vec<Op>),
    Unordered(Vec<Op>),
    Select2(Box<[Op; 2]>),
    Select3(Box<[Op; 3]>),
    SelectAll(Vec<Op>),
    Timeout(u8, Box<Op>),
    /// With a limit for each attempt and for all of them.
    Retried(u8, u8),
    /// A child, now and then under an id of its own.
    Child(u8),
    Detached(u8),
    Status(Option<u8>),
    Set(u8),
    /// Reads the values and removes some.
    Prune(u8),
    Patched(u8),
    Deprecated(u8),
    /// From here on the code goes on when it is cancelled.
    Cooperate(u8),
    Cancelled,
    Shielded(Box<Op>),
    /// What is undone if the inside, or what follows, fails.
    Saga(Box<Op>, Box<Op>),
    /// Undone by hand, or dismissed.
    Compensated(bool, Box<Op>),
    Stats,
    Again,
    Fails,
    Panics,
}

pub(crate) fn ops() -> impl Strategy<Value = Op> {
    let leaf = prop_oneof![
        8 => any::<u8>().prop_map(Op::Call),
        4 => any::<u8>().prop_map(Op::Timer),
        3 => (0_u8..3).prop_map(Op::Wait),
        4 => (0_u8..3).prop_map(Op::Dequeue),
        1 => any::<u8>().prop_map(Op::Dropped),
        1 => any::<u8>().prop_map(Op::Forgotten),
        2 => any::<(u8, u8)>().prop_map(|(name, limits)| Op::Retried(name, limits)),
        1 => prop_oneof![Just(Op::Now), Just(Op::Guid), Just(Op::Random), Just(Op::Stats)],
        3 => any::<u8>().prop_map(Op::Child),
        2 => kept(),
        1 => prop_oneof![(0_u8..2).prop_map(Op::Patched), (2_u8..4).prop_map(Op::Deprecated)],
        1 => prop_oneof![any::<u8>().prop_map(Op::Cooperate), Just(Op::Cancelled)],
    ];
    let tree = leaf.prop_recursive(4, 24, 5, |op| {
        let several = || prop::collection::vec(op.clone(), 1..5);
        let two = || [op.clone(), op.clone()].prop_map(Box::new);
        let three = || [op.clone(), op.clone(), op.clone()].prop_map(Box::new);
        prop_oneof![
            4 => several().prop_map(Op::Sequence),
            1 => (any::<u8>(), op.clone()).prop_map(|(name, op)| Op::Around(name, op.into())),
            1 => two().prop_map(Op::Join2),
            1 => three().prop_map(Op::Join3),
            1 => several().prop_map(Op::JoinAll),
            1 => (1_usize..4, several()).prop_map(|(limit, ops)| Op::Limited(limit, ops)),
            1 => several().prop_map(Op::JoinedElsewhere),
            1 => several().prop_map(Op::Unordered),
            2 => two().prop_map(Op::Select2),
            1 => three().prop_map(Op::Select3),
            2 => several().prop_map(Op::SelectAll),
            2 => (any::<u8>(), op.clone()).prop_map(|(delay, op)| Op::Timeout(delay, op.into())),
            1 => op.clone().prop_map(|op| Op::Shielded(op.into())),
            1 => (op.clone(), op.clone()).prop_map(|(op, undo)| Op::Saga(op.into(), undo.into())),
            1 => (any::<bool>(), op.clone()).prop_map(|(undo, op)| Op::Compensated(undo, op.into())),
        ]
    });
    let end = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Op::Again)),
        1 => Just(Some(Op::Fails)),
        1 => Just(Some(Op::Panics)),
    ];
    (prop::collection::vec(tree, 1..4), end).prop_map(|(mut ops, end)| {
        ops.extend(end);
        Op::Sequence(ops)
    })
}

fn kept() -> impl Strategy<Value = Op> {
    prop_oneof![
        any::<u8>().prop_map(Op::Detached),
        any::<Option<u8>>().prop_map(Op::Status),
        any::<u8>().prop_map(Op::Set),
        any::<u8>().prop_map(Op::Prune),
    ]
}

pub(crate) fn program(op: Op) -> Program {
    Program::new(move |ctx| run(ctx, op.clone(), String::from("0")))
}

/// Runs `op`. Values flow on, so that what is asked for later depends on what came before.
#[expect(clippy::too_many_lines, reason = "one arm per operation")]
fn run(
    ctx: OrchestrationContext,
    op: Op,
    value: String,
) -> BoxFuture<'static, Result<String, String>> {
    let each = |ops: Vec<Op>| {
        let (ctx, value) = (ctx.clone(), value.clone());
        ops.into_iter()
            .map(move |op| run(ctx.clone(), op, value.clone()))
    };
    let delay = |millis: u8| Duration::from_millis(u64::from(millis));
    match op {
        Op::Call(name) => {
            let call = ctx.schedule_activity(format!("a{name}"), value);
            async move { Ok(mixed(&[call.await])) }.boxed()
        }
        Op::Timer(millis) => async move {
            ctx.schedule_timer(delay(millis)).await;
            Ok(mixed(&[Ok(value)]))
        }
        .boxed(),
        Op::Wait(name) => {
            let wait = ctx.schedule_wait(format!("e{name}"));
            async move { Ok(mixed(&[Ok(value), Ok(wait.await)])) }.boxed()
        }
        Op::Dequeue(name) => {
            let message = ctx.dequeue_event(format!("q{name}"));
            async move { Ok(mixed(&[Ok(value), Ok(message.await)])) }.boxed()
        }
        Op::Dropped(name) => async move {
            drop(ctx.schedule_wait(format!("e{}", name % 3)));
            drop(ctx.dequeue_event(format!("q{}", name % 3)));
            drop(ctx.schedule_activity(format!("d{name}"), ""));
            drop(ctx.schedule_timer(delay(name)));
            Ok(value)
        }
        .boxed(),
        Op::Forgotten(name) => async move {
            std::mem::forget(ctx.schedule_activity(format!("f{name}"), ""));
            if name % 4 == 0 {
                std::mem::forget(ctx.dequeue_event("q0"));
            }
            Ok(value)
        }
        .boxed(),
        Op::Now => async move { Ok(mixed(&[Ok(format!("{:?}", ctx.now()))])) }.boxed(),
        Op::Guid => async move { Ok(mixed(&[Ok(ctx.new_guid().to_string())])) }.boxed(),
        Op::Random => async move { Ok(mixed(&[Ok(ctx.random::<u64>().to_string())])) }.boxed(),
        Op::Sequence(ops) => async move {
            let mut value = value;
            for op in ops {
                value = run(ctx.clone(), op, value).await?;
            }
            Ok(value)
        }
        .boxed(),
        Op::Around(name, op) => async move {
            let around = ctx.schedule_activity(format!("r{name}"), "");
            let inner = run(ctx, *op, value).await;
            Ok(mixed(&[around.await, inner]))
        }
        .boxed(),
        Op::Join2(ops) => {
            let [a, b] = ops.map(|op| run(ctx.clone(), op, value.clone()));
            async move { Ok(mixed(&<[_; 2]>::from(join2(a, b).await))) }.boxed()
        }
        Op::Join3(ops) => {
            let [a, b, c] = ops.map(|op| run(ctx.clone(), op, value.clone()));
            async move { Ok(mixed(&<[_; 3]>::from(join3(a, b, c).await))) }.boxed()
        }
        Op::JoinAll(ops) => {
            let all = join_all(each(ops));
            async move { Ok(mixed(&all.await)) }.boxed()
        }
        Op::Limited(limit, ops) => {
            let all = join_all(each(ops)).limit(limit);
            async move { Ok(mixed(&all.await)) }.boxed()
        }
        Op::JoinedElsewhere(ops) => {
            let all = futures::future::join_all(each(ops));
            async move { Ok(mixed(&all.await)) }.boxed()
        }
        Op::Unordered(ops) => {
            let all: FuturesUnordered<_> = each(ops).collect();
            async move { Ok(mixed(&all.collect::<Vec<_>>().await)) }.boxed()
        }
        Op::Select2(ops) => {
            let [a, b] = ops.map(|op| run(ctx.clone(), op, value.clone()));
            async move { Ok(won(select2(a, b).await.into_tuple())) }.boxed()
        }
        Op::Select3(ops) => {
            let [a, b, c] = ops.map(|op| run(ctx.clone(), op, value.clone()));
            async move { Ok(won(select3(a, b, c).await.into_tuple())) }.boxed()
        }
        Op::SelectAll(ops) => {
            let first = select_all(each(ops));
            async move { Ok(won(first.await)) }.boxed()
        }
        Op::Timeout(millis, op) => {
            let limited = ctx.timeout(delay(millis), run(ctx.clone(), *op, value));
            async move {
                Ok(limited
                    .await
                    .map_or_else(|_| "late".to_owned(), |it| mixed(&[it])))
            }
            .boxed()
        }
        Op::Retried(name, limits) => {
            let call = ctx.schedule_activity_with_retry(format!("t{name}"), value, policy(limits));
            async move { Ok(mixed(&[call.await])) }.boxed()
        }
        Op::Child(name) => {
            let call = match name % 4 {
                0 => ctx.schedule_sub_orchestration_with_id("c", format!("own{name}"), value),
                1 => ctx.schedule_sub_orchestration_versioned("c", Some("1.0.0".into()), value),
                _ => ctx.schedule_sub_orchestration(format!("c{name}"), value),
            };
            async move { Ok(mixed(&[call.await])) }.boxed()
        }
        Op::Detached(name) => async move {
            ctx.schedule_orchestration("d", format!("d{name}"), value.as_str());
            Ok(value)
        }
        .boxed(),
        Op::Status(status) => async move {
            match status {
                Some(_) => ctx.set_custom_status(value.as_str()),
                None => ctx.reset_custom_status(),
            }
            Ok(mixed(&[
                Ok(value),
                Ok(format!("{:?}", ctx.get_custom_status())),
            ]))
        }
        .boxed(),
        // A long value, now and then, is beyond the limit.
        Op::Set(key) => async move {
            let value = value.repeat(if key > 250 { 70_000 } else { 1 });
            ctx.set_kv_value(format!("k{}", key % 3), value.as_str());
            Ok(mixed(&[Ok(value)]))
        }
        .boxed(),
        Op::Prune(how) => async move {
            let seen = format!("{:?} {:?}", ctx.get_kv_all_keys(), ctx.get_kv_value("k1"));
            let pruned = match how % 3 {
                0 => ctx.prune_kv_values_updated_before(1_000 + u64::from(how)),
                1 => {
                    ctx.clear_kv_value(format!("k{}", how % 5));
                    ctx.get_kv_length()
                }
                _ => {
                    ctx.clear_all_kv_values();
                    0
                }
            };
            Ok(mixed(&[Ok(value), Ok(seen), Ok(pruned.to_string())]))
        }
        .boxed(),
        Op::Patched(id) => async move {
            let applies = ctx.patched(format!("p{id}"));
            Ok(mixed(&[Ok(value), Ok(applies.to_string())]))
        }
        .boxed(),
        Op::Deprecated(id) => async move {
            ctx.deprecate_patch(format!("p{id}"));
            Ok(value)
        }
        .boxed(),
        Op::Cooperate(millis) => async move {
            ctx.cooperative_cancellation(delay(millis));
            Ok(mixed(&[Ok(value), Ok(ctx.is_cancelled().to_string())]))
        }
        .boxed(),
        Op::Cancelled => {
            let request = ctx.cancelled();
            async move { Ok(mixed(&[Ok(value), Ok(request.await)])) }.boxed()
        }
        Op::Shielded(op) => ctx.shielded(|ctx| run(ctx, *op, value)),
        Op::Saga(op, undo) => async move {
            let mut saga = ctx.saga();
            saga.undo(|ctx| run(ctx, *undo, "undo".to_owned()));
            run(ctx, *op, value).await
        }
        .boxed(),
        Op::Compensated(by_hand, op) => async move {
            let mut saga = ctx.saga();
            let inner = (*op).clone();
            saga.undo(|ctx| run(ctx, inner, "first".to_owned()));
            saga.undo(|ctx| run(ctx, *op, "second".to_owned()));
            if by_hand {
                let undone = saga.compensate().await.map(|()| "undone".to_owned());
                return Ok(mixed(&[Ok(value), undone]));
            }
            ctx.schedule_activity("before", "").await.ok();
            saga.dismiss();
            Ok(value)
        }
        .boxed(),
        Op::Stats => {
            async move { Ok(mixed(&[Ok(format!("{:?}", ctx.get_system_stats()))])) }.boxed()
        }
        Op::Again => async move {
            let _unawaited = ctx.continue_as_new(value.clone());
            Ok(value)
        }
        .boxed(),
        Op::Fails => async move { Err(value) }.boxed(),
        Op::Panics => async move { std::panic::resume_unwind(Box::new(value)) }.boxed(),
    }
}

/// Each bit of `limits` is one part of it.
fn policy(limits: u8) -> RetryPolicy {
    let bit = |bit: u8| limits >> bit & 1 == 1;
    let backoff = match (bit(0), bit(1)) {
        (false, false) => BackoffStrategy::None,
        (false, true) => BackoffStrategy::Fixed {
            delay: Duration::from_millis(5),
        },
        (true, _) => BackoffStrategy::default(),
    };
    RetryPolicy {
        max_attempts: u32::from(limits >> 6),
        backoff,
        timeout: bit(2).then_some(Duration::from_millis(40)),
        total_timeout: bit(3).then_some(Duration::from_millis(90)),
        jitter: f64::from(u8::from(bit(4))),
    }
}

fn won((winner, value): (usize, Result<String, String>)) -> String {
    mixed(&[Ok(winner.to_string()), value])
}

/// A short text that depends on all of these.
fn mixed(values: &[Result<String, String>]) -> String {
    let text = format!("{values:?}");
    let hash = text.bytes().fold(0xcbf2_9ce4_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:x}")
}

/// What is open in the world, by its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Open {
    Activity,
    Timer(Timestamp),
    Child,
}

type World = BTreeMap<u64, Open>;

/// Runs a program to its end. Each choice is one message: mostly an answer to something open, in
/// any order, now and then noise, or a request to end.
pub(crate) fn live(program: Program, choices: &[u8]) -> Live {
    let mut live = Live::new(program);
    live.send(start(""));
    let mut open = World::new();
    let mut seen = 0;
    for choice in choices.iter().copied().chain(std::iter::repeat(0)) {
        for action in live.actions.split_off(seen) {
            carry_out(&mut open, &action);
        }
        seen = live.actions.len();
        if live.outcome != Outcome::Pending {
            break;
        }
        let message = message(&mut open, &live, choice);
        live.send(message);
    }
    assert_eq!(open, World::new(), "nothing stays open behind the end");
    live
}

fn carry_out(open: &mut World, action: &Action) {
    let was = match action {
        Action::StartActivity { source } => open.insert(source.0, Open::Activity).is_none(),
        Action::StartChild { source } => open.insert(source.0, Open::Child).is_none(),
        Action::CreateTimer { source, fire_at } => {
            open.insert(source.0, Open::Timer(*fire_at)).is_none()
        }
        Action::CancelActivity { source } => open.remove(&source.0) == Some(Open::Activity),
        Action::CancelChild { source, .. } => open.remove(&source.0) == Some(Open::Child),
        Action::CancelTimer { source, fire_at } => {
            open.remove(&source.0) == Some(Open::Timer(*fire_at))
        }
        Action::StartDetached { .. } => true,
    };
    assert!(
        was,
        "{action:?}: asked for twice, or cancelled without being open"
    );
}

fn message(open: &mut World, live: &Live, choice: u8) -> Message {
    let (kind, index) = (choice % 16, usize::from(choice / 16));
    let sent = live.messages.len();
    match (kind, index) {
        (10, 0) => return super::terminate("now"),
        (10, 1..4) => return super::cancel("enough"),
        _ => {}
    }
    // With nothing to be answered it waits for events, or for its end; now and then they come anyhow.
    let picked = open.iter().nth(index % open.len().max(1));
    let picked = picked.map(|(&source, &what)| (source, what));
    let Some((source, what)) = picked.filter(|_| kind != 12 && kind != 11) else {
        let name = if picked.is_none() {
            sent % 8
        } else {
            index % 6
        };
        let data = format!("{sent}");
        return match name {
            0..3 => raised(&format!("e{name}"), &data),
            3..6 => queued(&format!("q{}", name - 3), &data),
            _ => super::cancel(&data),
        };
    };
    match kind {
        15 => return live.messages[index % sent].0.clone(),
        14 => return of_another_execution(source),
        _ => open.remove(&source),
    };
    let fails = kind == 13;
    match what {
        Open::Timer(fire_at) => fired(source, fire_at.as_millis()),
        Open::Activity if fails => failed(source, "failed"),
        Open::Activity => completed(source, format!("answer {source}")),
        Open::Child if fails => super::child_failed(
            source,
            ErrorDetails::application(AppErrorKind::OrchestrationFailed, "failed"),
        ),
        Open::Child => super::child_completed(source, format!("child {source}")),
    }
}

fn of_another_execution(source: u64) -> Message {
    Message::ActivityCompleted {
        execution_id: ExecutionId(2),
        source: duroxide::history::EventId(source),
        result: "of another execution".to_owned(),
    }
}
