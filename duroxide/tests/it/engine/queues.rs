//! Queues: first in first out, nothing lost, nothing given twice, the same on every replay.

use std::collections::VecDeque;

use duroxide::engine::{Execution, Outcome, run_turn};
use duroxide::history::{ExecutionId, InstanceId, Message};
use duroxide::{join2, select2};

use crate::support::{Live, Program, at, completed, queued, start};

#[test]
fn messages_are_kept_until_they_are_asked_for() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_activity("a", "").await?;
        let (one, two) = (ctx.dequeue_event("q").await, ctx.dequeue_event("q").await);
        Ok(format!("{one} {two} {}", ctx.dequeue_event("r").await))
    });
    let mut live = program.start();
    live.send_all([queued("q", "1"), queued("r", "x"), queued("q", "2")]);
    live.complete(2, "");
    assert_eq!(
        live.lines_from(3),
        [
            "3 message q: 1",
            "4 message r: x",
            "5 message q: 2",
            "6 completed 2: ",
            "7 dequeue q",
            "8 dequeue q",
            "9 dequeue r",
            "10 done: 1 2 x"
        ]
    );
    live.check();
}

#[test]
fn requests_are_served_in_the_order_in_which_they_were_made_not_polled() {
    let program = Program::new(|ctx| async move {
        let (a, b) = (ctx.dequeue_event("q"), ctx.dequeue_event("q"));
        let (b, a) = join2(b, a).await;
        Ok(format!("{a} {b}"))
    });
    let mut live = program.start();
    live.send(queued("q", "1"));
    live.send(queued("q", "2"));
    assert_eq!(live.outcome, Outcome::Completed("1 2".to_owned()));
    live.check();
}

#[test]
fn a_request_dropped_unread_puts_its_message_back() {
    let program = Program::new(|ctx| async move {
        let unread = ctx.dequeue_event("q");
        let behind = ctx.dequeue_event("q");
        ctx.schedule_activity("a", "").await?;
        drop(unread);
        let next = ctx.dequeue_event("q").await;
        Ok(format!("{} {next}", behind.await))
    });
    let mut live = program.start();
    live.send_all([queued("q", "1"), queued("q", "2")]);
    live.complete(4, "");
    assert_eq!(
        live.lines_from(7),
        [
            "7 completed 4: ",
            "8 undequeue 2: dropped_future",
            "9 dequeue q",
            "10 done: 2 1"
        ]
    );
    live.check();
}

#[test]
fn what_is_put_back_goes_to_whoever_waits() {
    let program = Program::new(|ctx| async move {
        let unread = ctx.dequeue_event("q");
        let waits = ctx.dequeue_event("q");
        // The loser of the race is dropped with its message, while the other is awaited.
        let give_up = async {
            ctx.schedule_activity("a", "").await.unwrap();
            drop(unread);
            std::future::pending::<String>().await
        };
        Ok(select2(waits, give_up).await.into_tuple().1)
    });
    let mut live = program.start();
    live.send(queued("q", "1"));
    assert_eq!(live.outcome, Outcome::Pending);
    live.complete(4, "");
    assert_eq!(live.outcome, Outcome::Completed("1".to_owned()));
    live.check();
}

/// Two requests; the first is dropped with its message, which goes to the second. Behind that, or
/// behind one more activity, the code waits for something that never comes.
fn handed_over(calls_again: bool) -> Live {
    let program = Program::new(move |ctx| async move {
        let unread = ctx.dequeue_event("q");
        let waits = ctx.dequeue_event("q");
        ctx.schedule_activity("a", "").await?;
        drop(unread);
        assert_eq!(waits.await, "1");
        if calls_again {
            ctx.schedule_activity("b", "").await?;
        }
        std::future::pending().await
    });
    let mut live = program.start();
    live.send(queued("q", "1"));
    live.complete(4, "");
    live
}

#[test]
fn who_was_handed_it_in_vain_waits_again_when_the_execution_fails() {
    let live = handed_over(false);
    assert_eq!(
        live.lines_from(6)[..2],
        [
            "6 completed 4: ",
            "7 undequeue 3: orchestration_terminal_failed",
        ]
    );
    assert!(
        live.lines()[7].starts_with("8 failed: "),
        "{:?}",
        live.lines()
    );
    live.check();
}

#[test]
fn what_was_put_back_before_stays_so_when_the_execution_fails() {
    let mut live = handed_over(true);
    live.complete(8, "");
    assert_eq!(
        live.lines_from(6)[..4],
        [
            "6 completed 4: ",
            "7 undequeue 2: dropped_future",
            "8 call b()",
            "9 completed 8: ",
        ]
    );
    assert!(
        live.lines()[9].starts_with("10 failed: "),
        "{:?}",
        live.lines()
    );
    live.check();
}

#[test]
fn ten_thousand_messages_are_read_in_one_poll() {
    for count in [99, 100, 10_000] {
        let program = Program::new(move |ctx| async move {
            ctx.schedule_activity("a", "").await?;
            let mut sum = 0_usize;
            for _ in 0..count {
                sum += ctx.dequeue_event("q").await.parse::<usize>().unwrap();
            }
            Ok(sum.to_string())
        });
        let mut live = program.start();
        for number in 0..count {
            live.send(queued("q", &number.to_string()));
        }
        live.complete(2, "");
        let sum = count * (count - 1) / 2;
        assert_eq!(live.outcome, Outcome::Completed(sum.to_string()));
    }
}

#[test]
fn what_was_not_read_is_carried_over_and_the_rest_of_the_batch_stays() {
    let program = Program::new(|ctx| async move {
        let first = ctx.dequeue_event("q").await;
        ctx.continue_as_new(first).await
    });
    let mut live = Live::new(program);
    let messages = [
        queued("r", "a"),
        queued("s", "b"),
        queued("r", "c"),
        queued("q", "1"),
    ];
    let stays = queued("r", "d");
    let turn = live.send_all([start("")].into_iter().chain(messages).chain([stays]));
    assert_eq!(turn.consumed, 5);
    let carried = live.successor().0.carried;
    let carried: Vec<_> = carried.iter().map(|(q, d)| format!("{q}{d}")).collect();
    assert_eq!(carried, ["ra", "sb", "rc"]);
}

#[test]
fn a_message_that_a_request_had_unread_is_carried_over() {
    let program = Program::with_input(|ctx, input| async move {
        if input.is_empty() {
            let unread = ctx.dequeue_event("q");
            ctx.schedule_activity("a", "").await?;
            let again = ctx.continue_as_new("next").await;
            drop(unread);
            return again;
        }
        let (one, two, three) = (
            ctx.dequeue_event("q").await,
            ctx.dequeue_event("q").await,
            ctx.dequeue_event("q").await,
        );
        Ok(format!("{one} {two} {three}"))
    });
    let mut live = program.start();
    live.send_all([queued("q", "1"), queued("q", "2")]);
    live.complete(3, "");
    live.check();
    let (next, mut execution) = live.successor();
    let pair = |data: &str| ("q".to_owned(), data.to_owned());
    assert_eq!(next.carried, [pair("1"), pair("2")]);
    let batch = [Message::Start(next), queued("q", "3")];
    let turn = run_turn(&mut execution, batch.map(|it| (it, at(9_000))));
    assert_eq!(turn.outcome, Outcome::Completed("1 2 3".to_owned()));
    // A replay reads the same.
    let instance = InstanceId::new("instance").unwrap();
    let code = live.program.code();
    let mut replayed = Execution::new(instance, ExecutionId(2), "1.0.0".to_owned(), code);
    replayed.replay(&turn.history_delta).unwrap();
    assert!(replayed.is_ended());
}

#[test]
fn ten_thousand_messages_are_carried_over() {
    let program = Program::with_input(|ctx, _| async move {
        ctx.schedule_activity("a", "").await?;
        ctx.continue_as_new("").await
    });
    let mut live = program.start();
    for number in 0..10_000 {
        live.send(queued("q", &number.to_string()));
    }
    live.complete(2, "");
    let (next, mut execution) = live.successor();
    assert_eq!(next.carried.len(), 10_000);
    // And over the next, which read none of them either.
    let id = next.execution_id;
    run_turn(&mut execution, [(Message::Start(next), at(9_000))]);
    let done = Message::ActivityCompleted {
        execution_id: id,
        source: duroxide::history::EventId(2),
        result: String::new(),
    };
    let turn = run_turn(&mut execution, [(done, at(9_001))]);
    assert!(matches!(turn.outcome, Outcome::ContinuedAsNew { .. }));
    let carried = execution.next_start(String::new(), None).carried;
    let numbers = (0..10_000).map(|number| ("q".to_owned(), number.to_string()));
    assert!(carried.into_iter().eq(numbers));
}

/// One step of the code: the slot of the request that it is about.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ask,
    /// Polls the oldest request once, and reads its message if it has one.
    Read,
    /// Drops the oldest, or the newest, request that was not read.
    DropOldest,
    DropNewest,
    /// A message arrives.
    Arrive,
}

const STEPS: [Step; 5] = [
    Step::Ask,
    Step::Read,
    Step::DropOldest,
    Step::DropNewest,
    Step::Arrive,
];

/// Every program of up to six steps: what was read and what is left, together, is what was sent,
/// each once; reads of one request after the other come in order; and all of it replays.
#[test]
fn no_small_order_of_asking_dropping_reading_and_arriving_loses_or_doubles_a_message() {
    let mut programs: Vec<Vec<Step>> = vec![Vec::new()];
    for length in 0..6 {
        let longest: Vec<_> = programs
            .iter()
            .filter(|it| it.len() == length)
            .cloned()
            .collect();
        for program in longest {
            programs.extend(STEPS.map(|step| [program.clone(), vec![step]].concat()));
        }
    }
    for steps in programs {
        let expected = model(&steps);
        let live = run(&steps);
        let Outcome::ContinuedAsNew { input, .. } = &live.outcome else {
            panic!("{steps:?}: {:?}", live.outcome);
        };
        let (next, _) = live.successor();
        let left: Vec<_> = next.carried.into_iter().map(|(_, data)| data).collect();
        assert_eq!((input.clone(), left), expected, "{steps:?}");
        let replayed = live.program.replay(&live.history).unwrap();
        assert!(replayed.is_ended(), "{steps:?}");
    }
}

/// Lets the code run these steps: `Arrive` is an activity whose completion comes behind a message.
fn run(steps: &[Step]) -> Live {
    let steps = steps.to_vec();
    let program = Program::new(move |ctx| {
        let steps = steps.clone();
        async move {
            let mut open = VecDeque::new();
            let mut read = Vec::new();
            for step in steps {
                match step {
                    Step::Ask => open.push_back(ctx.dequeue_event("q")),
                    Step::DropOldest => drop(open.pop_front()),
                    Step::DropNewest => drop(open.pop_back()),
                    Step::Read => {
                        let Some(request) = open.front_mut() else {
                            continue;
                        };
                        if let Some(data) = futures::FutureExt::now_or_never(request) {
                            read.push(data);
                            open.pop_front();
                        }
                    }
                    Step::Arrive => {
                        ctx.schedule_activity("next", "").await?;
                    }
                }
            }
            ctx.continue_as_new(read.join(" ")).await
        }
    });
    let mut live = program.start();
    let mut sent = 0;
    while live.outcome == Outcome::Pending {
        let source = live.history.last().unwrap().event_id.0;
        live.send_all([queued("q", &sent.to_string()), completed(source, "")]);
        sent += 1;
    }
    live
}

/// What is read, and what is left, as the documentation says.
fn model(steps: &[Step]) -> (String, Vec<String>) {
    // Requests with the message that they have.
    let mut open: VecDeque<Option<usize>> = VecDeque::new();
    let mut free: Vec<usize> = Vec::new();
    let mut read = Vec::new();
    let mut sent = 0;
    for step in steps {
        match step {
            Step::Ask => open.push_back(None),
            Step::Arrive => {
                free.push(sent);
                sent += 1;
            }
            Step::DropOldest => free.extend(open.pop_front().flatten()),
            Step::DropNewest => free.extend(open.pop_back().flatten()),
            Step::Read => {
                if let Some(Some(message)) = open.front().copied() {
                    open.pop_front();
                    read.push(message.to_string());
                }
            }
        }
        free.sort_unstable();
        for slot in open.iter_mut().filter(|slot| slot.is_none()) {
            *slot = (!free.is_empty()).then(|| free.remove(0));
        }
    }
    free.extend(open.into_iter().flatten());
    free.sort_unstable();
    let left = free.into_iter().map(|number| number.to_string());
    (read.join(" "), left.collect())
}
