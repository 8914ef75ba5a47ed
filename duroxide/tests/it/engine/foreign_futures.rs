//! Only durable operations drive an orchestration: what else it waits for is refused, at once, and
//! honest combinators are left alone.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use duroxide::engine::Outcome;
use duroxide::history::ErrorDetails;
use duroxide::{join2, select2};
use futures::channel::{mpsc, oneshot};
use futures::stream::{FuturesUnordered, StreamExt};

use crate::support::{Live, Program};

#[track_caller]
fn assert_refused(live: &Live) {
    match &live.outcome {
        Outcome::Failed(details @ ErrorDetails::Configuration { .. }) => {
            assert!(details.to_string().contains("DX0001"), "{details}");
        }
        other => panic!("{other:?}: {:?}", live.lines()),
    }
}

#[test]
fn a_future_that_never_completes_is_refused_in_the_same_turn() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        std::future::pending().await
    });
    let mut live = program.start();
    live.complete(2, "x");
    assert_refused(&live);
    live.check();
}

#[test]
fn a_selection_among_nothing_is_refused() {
    let program = Program::new(|_ctx| async move {
        let none: Vec<std::future::Ready<()>> = Vec::new();
        duroxide::select_all(none).await;
        Ok(String::new())
    });
    assert_refused(&program.start());
}

#[test]
fn a_future_that_is_polled_again_after_its_answer_is_refused() {
    let program = Program::new(|ctx| async move {
        let mut call = ctx.schedule_activity("a", "");
        (&mut call).await?;
        call.await
    });
    let mut live = program.start();
    live.complete(2, "x");
    assert_refused(&live);
}

#[test]
fn a_channel_fed_by_another_thread_is_refused() {
    // The sender is kept until the turn is over: then its thread wakes an orchestration that waits
    // for an activity beside it.
    let (to_thread, senders) = std::sync::mpsc::channel::<oneshot::Sender<()>>();
    let program = Program::new(move |ctx| {
        let (sender, receiver) = oneshot::channel();
        to_thread.send(sender).unwrap();
        async move {
            let call = ctx.schedule_activity("a", "");
            let _first = select2(call, receiver).await;
            ctx.schedule_activity("b", "").await
        }
    });
    let mut live = program.start();
    assert_eq!(live.outcome, Outcome::Pending);
    let sender = senders.recv().unwrap();
    std::thread::spawn(move || sender.send(()).unwrap())
        .join()
        .unwrap();
    live.complete(2, "x");
    assert_refused(&live);
    assert_eq!(live.history.len(), 4, "{:?}", live.lines());
}

#[test]
fn a_wake_between_turns_on_the_same_thread_is_refused() {
    let (to_test, senders) = std::sync::mpsc::channel();
    let program = Program::new(move |ctx| {
        let (sender, mut receiver) = mpsc::unbounded::<()>();
        to_test.send(sender).unwrap();
        async move {
            let call = ctx.schedule_activity("a", "");
            let _first = select2(call, receiver.next()).await;
            Ok(String::new())
        }
    });
    let mut live = program.start();
    senders.recv().unwrap().unbounded_send(()).unwrap();
    live.complete(2, "x");
    assert_refused(&live);
}

#[test]
fn a_waker_kept_and_woken_by_another_instance_is_refused() {
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    let keeper = Program::new(|ctx| async move {
        let keep = std::future::poll_fn(|cx: &mut Context<'_>| {
            *KEPT.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(())
        });
        keep.await;
        ctx.schedule_activity("a", "").await
    });
    let waking = Program::new(|ctx| async move {
        KEPT.lock().unwrap().take().unwrap().wake();
        ctx.schedule_activity("a", "").await
    });
    let mut live = keeper.start();
    let mut other = waking.start();
    other.complete(2, "x");
    assert_eq!(other.outcome, Outcome::Completed("x".to_owned()));
    live.complete(2, "x");
    assert_refused(&live);
}

#[test]
fn a_tokio_channel_or_timer_is_refused() {
    let program = Program::new(|_ctx| async move {
        let (_sender, receiver) = tokio::sync::oneshot::channel::<String>();
        receiver.await.map_err(|gone| gone.to_string())
    });
    assert_refused(&program.start());
    let program = Program::new(|_ctx| async move {
        tokio::time::sleep(std::time::Duration::ZERO).await;
        Ok(String::new())
    });
    let live = program.start();
    let end = live.lines().pop().unwrap();
    assert!(
        end.contains("panicked: there is no reactor running"),
        "{end}"
    );
}

#[test]
fn channels_between_branches_of_one_orchestration_are_allowed() {
    let program = Program::new(|ctx| async move {
        let (sender, receiver) = oneshot::channel();
        let (mut stream, mut items) = mpsc::channel::<u32>(1);
        let work = async {
            ctx.schedule_activity("a", "").await?;
            for item in 0..5 {
                futures::SinkExt::send(&mut stream, item).await.unwrap();
            }
            drop(stream);
            sender.send("handed on").unwrap();
            ctx.schedule_activity("b", "").await
        };
        let wait = async {
            let mut sum = 0;
            while let Some(item) = items.next().await {
                sum += item;
            }
            format!("{} {sum}", receiver.await.unwrap())
        };
        let (b, text) = join2(work, wait).await;
        b.map(|_| text)
    });
    let mut live = program.start();
    live.complete(2, "");
    live.complete(4, "");
    assert_eq!(live.outcome, Outcome::Completed("handed on 10".to_owned()));
    live.check();
}

/// Yields some times by waking itself.
struct Yields(u32);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn yielding_is_no_foreign_wake() {
    let program = Program::new(|ctx| async move {
        Yields(100).await;
        let call = ctx.schedule_activity("a", "");
        join2(call, Yields(100)).await.0
    });
    let mut live = program.start();
    live.complete(2, "x");
    assert_eq!(live.outcome, Outcome::Completed("x".to_owned()));
    live.check();
}

#[test]
fn operations_that_wait_unpolled_in_a_combinator_are_no_false_alarm() {
    let program = Program::new(|ctx| async move {
        let mut calls: FuturesUnordered<_> = (0..100)
            .map(|n| ctx.schedule_activity("w", n.to_string()))
            .collect();
        let mut order = Vec::new();
        while let Some(result) = calls.next().await {
            order.push(result?);
        }
        Ok(order.len().to_string())
    });
    let mut live = program.start();
    for source in 2..102 {
        live.complete(source, "");
    }
    assert_eq!(live.outcome, Outcome::Completed("100".to_owned()));
}

#[test]
fn waking_an_evicted_or_ended_execution_does_nothing() {
    let wakers = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&wakers);
    let program = Program::new(move |ctx| {
        let kept = Arc::clone(&kept);
        async move {
            std::future::poll_fn(|cx: &mut Context<'_>| {
                kept.lock().unwrap().push(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            ctx.schedule_activity("a", "").await
        }
    });
    let mut live = program.start();
    live.complete(2, "x");
    drop(program.start());
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    assert_eq!(live.outcome, Outcome::Completed("x".to_owned()));
}
