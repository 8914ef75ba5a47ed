//! Random programs, and a world that answers what they ask for in a random order.

use std::collections::BTreeSet;
use std::time::Duration;

use duroxide::engine::Outcome;
use duroxide::history::{Action, ExecutionId, Message};
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
        1 => prop_oneof![Just(Op::Now), Just(Op::Guid), Just(Op::Random)],
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

/// Runs a program to its end. Each choice is one message: mostly an answer to something open, in
/// any order, now and then noise.
pub(crate) fn live(program: Program, choices: &[u8]) -> Live {
    let mut live = Live::new(program);
    live.send(start(""));
    let mut open: BTreeSet<(u64, Option<u64>)> = BTreeSet::new();
    let mut seen = 0;
    for choice in choices.iter().copied().chain(std::iter::repeat(0)) {
        for action in live.actions.split_off(seen) {
            let (source, is_new, fire_at) = match action {
                Action::StartActivity { source } => (source, true, None),
                Action::CancelActivity { source } => (source, false, None),
                Action::CreateTimer { source, fire_at } => (source, true, Some(fire_at)),
                Action::CancelTimer { source, fire_at } => (source, false, Some(fire_at)),
                Action::StartChild { .. }
                | Action::CancelChild { .. }
                | Action::StartDetached { .. } => continue,
            };
            let entry = (source.0, fire_at.map(Timestamp::as_millis));
            let changed = if is_new {
                open.insert(entry)
            } else {
                open.remove(&entry)
            };
            assert!(
                changed,
                "{action:?}: asked for twice, or cancelled without being open"
            );
        }
        seen = live.actions.len();
        if live.outcome != Outcome::Pending {
            break;
        }
        let picked = open
            .iter()
            .nth(usize::from(choice / 16) % open.len().max(1))
            .copied();
        // With nothing to be answered it waits for events; now and then they come anyhow.
        let Some((source, fire_at)) = picked.filter(|_| choice % 16 != 12 && choice % 16 != 11)
        else {
            let sent = live.messages.len();
            let name = if picked.is_none() {
                sent % 6
            } else {
                usize::from(choice / 16) % 6
            };
            let data = format!("{sent}");
            live.send(match name {
                0..3 => raised(&format!("e{name}"), &data),
                _ => queued(&format!("q{}", name - 3), &data),
            });
            continue;
        };
        let answer = match (fire_at, choice % 16) {
            (_, 15) => live.messages[usize::from(choice / 16) % live.messages.len()]
                .0
                .clone(),
            (_, 14) => of_another_execution(source),
            (Some(fire_at), _) => fired(source, fire_at),
            (None, 13) => failed(source, "failed"),
            (None, _) => completed(source, format!("answer {source}")),
        };
        if choice % 16 < 14 {
            open.remove(&(source, fire_at));
        }
        live.send(answer);
    }
    assert_eq!(open, BTreeSet::new(), "nothing stays open behind the end");
    live
}

fn of_another_execution(source: u64) -> Message {
    Message::ActivityCompleted {
        execution_id: ExecutionId(2),
        source: duroxide::history::EventId(source),
        result: "of another execution".to_owned(),
    }
}
