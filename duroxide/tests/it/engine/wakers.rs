//! Every combinator completes, whatever its size, and a completion costs what it wakes.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use duroxide::engine::Outcome;
use duroxide::history::Message;
use duroxide::{OrchestrationContext, join_all, join2, join3, select_all, select2};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, FuturesOrdered, FuturesUnordered, StreamExt};

use crate::support::{Live, Program, completed, line};

const SIZES: [u64; 3] = [31, 1_000, 5_000];

/// Calls `work` for 0..n, eagerly.
fn calls(
    ctx: &OrchestrationContext,
    n: u64,
) -> Vec<duroxide::DurableFuture<Result<String, String>>> {
    (0..n)
        .map(|k| ctx.schedule_activity("work", k.to_string()))
        .collect()
}

/// A full turn of the answers in a scattered order: 2..n+2, each once.
fn scattered(n: u64) -> impl Iterator<Item = u64> {
    // 7_919 is prime and divides no size: all residues are met.
    (0..n).map(move |k| 2 + k * 7_919 % n)
}

/// Answers all calls in one batch, then replays; gives the output.
fn fan_in(program: &Program, n: u64) -> String {
    let mut live = program.start();
    let turn = live.send_all(scattered(n).map(|source| completed(source, source.to_string())));
    let Outcome::Completed(output) = turn.outcome else {
        panic!("{n}: {:?}", turn.outcome);
    };
    assert_eq!(turn.consumed as u64, n);
    assert!(program.replay(&live.history).unwrap().is_ended());
    output
}

/// What the answers come to in argument order.
fn in_argument_order(n: u64) -> String {
    let all: Vec<_> = (2..n + 2).map(|source| source.to_string()).collect();
    all.join(",")
}

#[test]
fn our_join_all_completes_at_every_size() {
    for n in SIZES {
        let program = Program::new(move |ctx| async move {
            let all: Result<Vec<_>, _> = join_all(calls(&ctx, n)).await.into_iter().collect();
            Ok(all?.join(","))
        });
        assert_eq!(fan_in(&program, n), in_argument_order(n));
    }
}

#[test]
fn join_all_and_try_join_all_of_futures_complete_at_every_size() {
    for n in SIZES {
        let program = Program::new(move |ctx| async move {
            let all: Result<Vec<_>, _> = futures::future::join_all(calls(&ctx, n))
                .await
                .into_iter()
                .collect();
            Ok(all?.join(","))
        });
        assert_eq!(fan_in(&program, n), in_argument_order(n));
        let program = Program::new(move |ctx| async move {
            Ok(futures::future::try_join_all(calls(&ctx, n))
                .await?
                .join(","))
        });
        assert_eq!(fan_in(&program, n), in_argument_order(n));
    }
}

#[test]
fn futures_ordered_completes_at_every_size() {
    for n in SIZES {
        let program = Program::new(move |ctx| async move {
            let ordered: FuturesOrdered<_> = calls(&ctx, n).into_iter().collect();
            let all: Vec<Result<String, String>> = ordered.collect().await;
            Ok(all.into_iter().collect::<Result<Vec<_>, _>>()?.join(","))
        });
        assert_eq!(fan_in(&program, n), in_argument_order(n));
    }
}

#[test]
fn the_order_of_futures_unordered_is_that_of_the_history() {
    for n in SIZES {
        let program = Program::new(move |ctx| async move {
            let unordered: FuturesUnordered<_> = calls(&ctx, n).into_iter().collect();
            let all: Vec<Result<String, String>> = unordered.collect().await;
            Ok(all.into_iter().collect::<Result<Vec<_>, _>>()?.join(","))
        });
        let expected: Vec<_> = scattered(n).map(|source| source.to_string()).collect();
        assert_eq!(fan_in(&program, n), expected.join(","));
    }
}

#[test]
fn buffer_unordered_completes_at_every_size() {
    for n in SIZES {
        let program = Program::new(move |ctx| async move {
            let all: Vec<_> = stream::iter(calls(&ctx, n))
                .buffer_unordered(10)
                .collect()
                .await;
            Ok(all.len().to_string())
        });
        assert_eq!(fan_in(&program, n), n.to_string());
    }
}

#[test]
fn buffered_work_is_asked_for_as_room_is_made() {
    let program = Program::new(|ctx| async move {
        let lazy = |k: u64| {
            let ctx = ctx.clone();
            async move { ctx.schedule_activity("work", k.to_string()).await }
        };
        let all: Vec<_> = stream::iter((0..40).map(lazy))
            .buffer_unordered(3)
            .collect()
            .await;
        Ok(all.len().to_string())
    });
    let mut live = program.start();
    let most = complete_all(&mut live, 40);
    assert_eq!(most, 3);
    live.check();
}

/// Answers the last call that is open, again and again; gives the most that were open at once.
fn complete_all(live: &mut Live, calls: usize) -> usize {
    let mut open = Vec::new();
    let (mut most, mut seen, mut asked) = (0, 0, 0);
    loop {
        for event in &live.history[seen..] {
            if line(event).contains(" call ") {
                open.push(event.event_id.0);
                asked += 1;
            }
        }
        seen = live.history.len();
        most = most.max(open.len());
        let Some(source) = open.pop() else { break };
        live.complete(source, "x");
    }
    assert_eq!(asked, calls);
    assert!(
        matches!(live.outcome, Outcome::Completed(_)),
        "{:?}",
        live.outcome
    );
    most
}

#[test]
fn a_limit_is_never_exceeded_and_always_used() {
    for (limit, expected) in [(0, 1), (1, 1), (3, 3), (20, 20), (99, 20)] {
        let program = Program::new(move |ctx| async move {
            let lazy = (0..20).map(|k: u64| {
                let ctx = ctx.clone();
                async move { ctx.schedule_activity("work", k.to_string()).await }
            });
            let all = join_all(lazy).limit(limit).await;
            Ok(all.len().to_string())
        });
        let mut live = program.start();
        assert_eq!(live.actions.len(), expected);
        assert_eq!(complete_all(&mut live, 20), expected);
        live.check();
    }
}

#[test]
fn children_that_are_ready_at_once_do_not_use_up_the_limit() {
    let program = Program::new(|ctx| async move {
        let children = (0..10).map(|k: u32| {
            let ctx = ctx.clone();
            async move {
                if k.is_multiple_of(2) {
                    return Ok(String::new());
                }
                ctx.schedule_activity("work", k.to_string()).await
            }
        });
        Ok(join_all(children).limit(2).await.len().to_string())
    });
    let mut live = program.start();
    assert_eq!(complete_all(&mut live, 5), 2);
    live.check();
}

#[test]
fn joins_and_selections_over_nothing_or_one() {
    let program = Program::new(|ctx| async move {
        let none: Vec<BoxFuture<'static, ()>> = Vec::new();
        let none = join_all(none).await.len();
        let one = join_all([ctx.schedule_activity("a", "")]).await.len();
        let (first, _) = select_all([ctx.schedule_activity("b", "")]).await;
        Ok(format!("{none} {one} {first}"))
    });
    let mut live = program.start();
    live.complete(2, "");
    live.complete(4, "");
    assert_eq!(live.outcome, Outcome::Completed("0 1 0".to_owned()));
    live.check();
}

/// Counts how often it is polled.
struct Counted<F> {
    future: F,
    polls: Arc<AtomicUsize>,
}

impl<F: Future + Unpin> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.polls.fetch_add(1, Relaxed);
        self.future.poll_unpin(cx)
    }
}

/// Polls of all children during a fan-in of `n`, once live.
fn polls_of<F, Fut>(n: u64, combine: F) -> usize
where
    F: Fn(Vec<Counted<duroxide::DurableFuture<Result<String, String>>>>) -> Fut
        + Send
        + Sync
        + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let polls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polls);
    let program = Program::new(move |ctx| {
        let children = calls(&ctx, n).into_iter().map(|future| Counted {
            future,
            polls: Arc::clone(&counter),
        });
        let all = combine(children.collect());
        async move {
            all.await;
            Ok(String::new())
        }
    });
    let mut live = program.start();
    let answers: Vec<_> = scattered(n).map(|source| completed(source, "")).collect();
    send_full_turns(&mut live, &answers);
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    polls.load(Relaxed)
}

/// A turn takes only so much; the rest is the next one's.
fn send_full_turns(live: &mut Live, messages: &[Message]) {
    let mut rest = messages;
    while !rest.is_empty() && !live.execution.is_ended() {
        let turn = live.send_all(rest.to_vec());
        rest = &rest[turn.consumed..];
    }
}

#[test]
fn a_full_turn_leaves_the_rest_to_the_next_one() {
    let program = Program::new(|ctx| async move {
        for _ in 0..6_000 {
            ctx.schedule_activity("step", "").await?;
        }
        Ok(String::new())
    });
    let mut live = program.start();
    let messages: Vec<_> = (0..6_000).map(|step| completed(2 + 2 * step, "")).collect();
    let turn = live.send_all(messages.clone());
    assert_eq!((turn.consumed, turn.history_delta.len()), (5_000, 10_000));
    let turn = live.send_all(messages[5_000..].to_vec());
    assert_eq!(turn.consumed, 1_000);
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    // And in bytes.
    let mut live = program.start();
    let large = "x".repeat(3 << 20);
    let turn = live.send_all((0..3).map(|step| completed(2 + 2 * step, large.as_str())));
    assert_eq!(turn.consumed, 2);
}

#[test]
fn a_completion_in_our_join_all_costs_one_poll() {
    for n in SIZES {
        let polls = polls_of(n, |children| async move {
            join_all(children).await;
        });
        assert_eq!(polls as u64, 2 * n);
        let polls = polls_of(n, |children| async move {
            join_all(children).limit(7).await;
        });
        assert!(polls as u64 <= 2 * n);
    }
}

#[test]
fn a_completion_in_a_nested_join_all_costs_one_poll() {
    let polls = polls_of(1_000, |mut children| async move {
        let half = children.split_off(500);
        join2(join_all(children), join_all(half)).await;
    });
    assert_eq!(polls, 2_000);
}

#[test]
fn a_loser_of_select_all_is_polled_once() {
    let polls = polls_of(1_000, |children| async move {
        let (first, _) = select_all(children).await;
        assert!(first < 1_000);
    });
    assert_eq!(polls, 1_001);
}

#[test]
fn combinators_nest_in_each_other() {
    let program = Program::new(|ctx| async move {
        let race = |name: &'static str| {
            let ctx = ctx.clone();
            async move {
                let pair = [
                    ctx.schedule_activity(name, "0"),
                    ctx.schedule_activity(name, "1"),
                ];
                select_all(pair).await.0
            }
        };
        let unordered: FuturesUnordered<_> = ["a", "b"].map(race).into_iter().collect();
        let (races, joined, three) = join3(
            unordered.collect::<Vec<_>>(),
            futures::future::join_all((0..40).map(|_| ctx.schedule_activity("c", ""))),
            select2(join_all(["d", "e"].map(race)), std::future::pending::<()>()),
        )
        .await;
        Ok(format!("{races:?} {} {:?}", joined.len(), three.index()))
    });
    let mut live = program.start();
    let mut at_once: Vec<u64> = (2..=live.history.len() as u64).collect();
    at_once.rotate_left(17);
    live.send_all(at_once.into_iter().map(|source| completed(source, "")));
    assert!(
        matches!(live.outcome, Outcome::Completed(_)),
        "{:?}",
        live.lines()
    );
    live.check();
}

#[test]
fn a_child_that_yields_for_ever_does_not_keep_its_siblings_from_their_turn() {
    struct Restless;
    impl Future for Restless {
        type Output = Result<String, String>;
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
    for joins in [true, false] {
        let program = Program::new(move |ctx| async move {
            let children = [Restless.boxed(), ctx.schedule_activity("a", "").boxed()];
            if joins {
                join_all(children).await;
            } else {
                select_all(children).await.1?;
            }
            Ok(String::new())
        })
        .with_budget(100, 100);
        let live = program.start();
        let end = live.lines().pop().unwrap();
        assert!(end.contains("never came to rest"), "{end}");
        live.check();
    }
}

#[test]
fn a_chain_of_ten_thousand_steps_replays() {
    let polls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polls);
    let program = Program::new(move |ctx| {
        let counter = Arc::clone(&counter);
        async move {
            for step in 0_u32..10_000 {
                let future = ctx.schedule_activity("step", step.to_string());
                let polls = Arc::clone(&counter);
                Counted { future, polls }.await?;
            }
            Ok(String::new())
        }
    });
    let mut live = program.start();
    let answers: Vec<_> = (0..10_000)
        .map(|step| completed(2 + 2 * step, ""))
        .collect();
    send_full_turns(&mut live, &answers);
    assert_eq!(live.outcome, Outcome::Completed(String::new()));
    assert_eq!(polls.load(Relaxed), 20_000);
    assert!(program.replay(&live.history).unwrap().is_ended());
    assert_eq!(polls.load(Relaxed), 40_000);
}
