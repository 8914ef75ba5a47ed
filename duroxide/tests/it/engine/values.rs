//! Time and values that look random are functions of the history.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use duroxide::OrchestrationContext;
use duroxide::engine::{Outcome, run_turn};
use duroxide::history::{ExecutionId, Message};

use crate::support::{Program, SEED, at, completed, line, start};

/// The code's values, seen from outside. Taken again on each replay.
type Seen<T> = Arc<Mutex<Vec<T>>>;

/// Notes a value before, between and behind two activities.
fn noting<T: Send + 'static>(
    note: impl Fn(&OrchestrationContext) -> T + Copy + Send + Sync + 'static,
) -> (Program, Seen<T>) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let program = Program::new(move |ctx| {
        let seen = Arc::clone(&kept);
        async move {
            seen.lock().unwrap().push(note(&ctx));
            ctx.schedule_activity("a", "").await?;
            seen.lock().unwrap().push(note(&ctx));
            ctx.schedule_activity("b", "").await?;
            seen.lock().unwrap().push(note(&ctx));
            Ok(String::new())
        }
    });
    (program, seen)
}

fn taken<T>(seen: &Seen<T>) -> Vec<T> {
    std::mem::take(&mut seen.lock().unwrap())
}

/// A history with messages consumed at these times.
fn history_at(program: &Program, times: [u64; 3]) -> Vec<duroxide::Event> {
    let messages = [start(""), completed(2, ""), completed(4, "")];
    let batch = messages.into_iter().zip(times.map(at));
    run_turn(&mut program.execution(), batch).history_delta
}

fn millis(time: SystemTime) -> u128 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis()
}

#[test]
fn now_is_the_time_of_consumption_and_the_same_on_replay() {
    let (program, seen) = noting(|ctx| millis(ctx.now()));
    let history = history_at(&program, [1_000, 2_500, 9_000]);
    assert_eq!(taken(&seen), [1_000, 2_500, 9_000]);
    program.replay(&history).unwrap();
    assert_eq!(taken(&seen), [1_000, 2_500, 9_000]);
}

#[test]
fn now_never_goes_backwards_whatever_the_clock_does() {
    let (program, seen) = noting(|ctx| millis(ctx.now()));
    let history = history_at(&program, [5_000, 1_000, 6_000]);
    assert_eq!(taken(&seen), [5_000, 5_000, 6_000]);
    let times: Vec<_> = history
        .iter()
        .map(|event| event.timestamp.as_millis())
        .collect();
    assert_eq!(times, [5_000, 5_000, 5_000, 5_000, 6_000, 6_000]);
    program.replay(&history).unwrap();
    assert_eq!(taken(&seen), [5_000, 5_000, 6_000]);
}

#[test]
fn requests_bear_the_time_of_their_message_and_timers_count_from_it() {
    let program = Program::new(|ctx| async move {
        ctx.schedule_timer(Duration::from_micros(1_001)).await;
        ctx.sleep_until(SystemTime::UNIX_EPOCH + Duration::from_millis(77))
            .await;
        ctx.schedule_timer(Duration::ZERO).await;
        ctx.schedule_timer(Duration::MAX).await;
        Ok(String::new())
    });
    let mut live = program.start();
    assert_eq!(live.lines()[1], "2 timer 1002", "rounded up: never early");
    assert_eq!(live.history[1].timestamp, at(1_000));
    live.fire(2);
    assert_eq!(
        live.lines()[3],
        "4 timer 77",
        "a time that has passed is due at once"
    );
    live.fire(4);
    assert_eq!(live.lines()[5], "6 timer 1020");
    live.fire(6);
    assert_eq!(live.lines()[7], format!("8 timer {}", u64::MAX));
    live.check();
}

#[test]
fn a_timer_until_a_fraction_of_a_millisecond_is_never_early() {
    let program = Program::new(|ctx| async move {
        ctx.sleep_until(SystemTime::UNIX_EPOCH + Duration::from_micros(77_001))
            .await;
        Ok(String::new())
    });
    assert_eq!(program.start().lines()[1], "2 timer 78");
}

#[test]
fn guids_and_random_values_are_equal_on_replay() {
    let (program, seen) = noting(|ctx| {
        let guid = ctx.new_guid().as_u128();
        (
            guid,
            ctx.random::<u64>(),
            ctx.random::<u128>(),
            ctx.random::<bool>(),
        )
    });
    let history = history_at(&program, [1, 2, 3]);
    let live = taken(&seen);
    assert_eq!(live.iter().collect::<BTreeSet<_>>().len(), 3, "{live:?}");
    program.replay(&history).unwrap();
    assert_eq!(taken(&seen), live);
    // Whatever the times of the messages.
    history_at(&program, [7, 8, 9]);
    assert_eq!(taken(&seen), live);
}

fn drawn(execution_id: u64, seed: u128) -> Vec<u128> {
    let (noting_guid, guids) = noting(|ctx| ctx.new_guid().as_u128());
    let Message::Start(mut first) = start("") else {
        unreachable!()
    };
    first.execution_id = ExecutionId(execution_id);
    first.seed = seed;
    let mut execution = noting_guid.execution_of("instance", first.execution_id);
    execution.apply(Message::Start(first), at(1)).unwrap();
    taken(&guids)
}

#[test]
fn they_differ_between_executions_and_instances() {
    let all = [
        drawn(1, SEED),
        drawn(2, SEED),
        drawn(11, SEED),
        drawn(1, SEED + 1),
        drawn(1, 0),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(drawn(1, SEED), drawn(1, SEED));
}

/// Runs code that only draws.
fn output(draw: fn(&OrchestrationContext) -> String) -> String {
    let program = Program::new(move |ctx| {
        let drawn = draw(&ctx);
        async move { Ok(drawn) }
    });
    match program.start().outcome {
        Outcome::Completed(output) => output,
        other => panic!("{other:?}"),
    }
}

/// So many draws, with a space between them.
fn many<T: ToString>(count: usize, draw: impl FnMut() -> T) -> String {
    let values: Vec<_> = std::iter::repeat_with(draw)
        .take(count)
        .map(|it| it.to_string())
        .collect();
    values.join(" ")
}

/// Old histories depend on these values: if this test fails, the change is wrong, not the test.
#[test]
fn the_derivation_is_frozen() {
    let drawn = output(|ctx| {
        let (guid, number) = (ctx.new_guid(), ctx.random::<u64>());
        let (float, wide) = (ctx.random::<f64>(), ctx.random::<u128>());
        format!("{guid} {number} {float} {wide}")
    });
    assert_eq!(drawn, FROZEN);
}

const FROZEN: &str = "d4e608a5-f134-455a-8262-4939fd28496d 14916057491351765618 \
    0.8618456074001342 33116064070725276885320205820450875100";

#[test]
fn guids_have_the_form_of_version_4() {
    let guids = output(|ctx| many(1_000, || ctx.new_guid()));
    let guids: BTreeSet<&str> = guids.split_whitespace().collect();
    assert_eq!(guids.len(), 1_000);
    for guid in guids {
        assert_eq!(guid.len(), 36);
        assert_eq!(&guid[14..15], "4", "{guid}");
        assert!("89ab".contains(&guid[19..20]), "{guid}");
    }
}

#[test]
fn every_bit_of_a_random_value_is_even() {
    let drawn = output(|ctx| many(4_000, || ctx.random::<u64>()));
    let values: Vec<u64> = drawn
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    for bit in 0..64 {
        let ones = values.iter().filter(|&value| value >> bit & 1 == 1).count();
        // Six standard deviations around the half.
        assert!((1_810..2_190).contains(&ones), "bit {bit}: {ones}");
    }
}

#[test]
fn random_floats_lie_between_0_and_1_and_integers_span_their_range() {
    let drawn = output(|ctx| many(2_000, || ctx.random::<f64>()));
    let values: Vec<f64> = drawn
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    assert!(values.iter().all(|value| (0.0..1.0).contains(value)));
    let mean = values.iter().sum::<f64>() / 2_000.0;
    assert!((0.45..0.55).contains(&mean), "{mean}");
    let drawn = output(|ctx| many(4_000, || ctx.random::<i8>()));
    let values: BTreeSet<i8> = drawn
        .split_whitespace()
        .map(|it| it.parse().unwrap())
        .collect();
    assert_eq!(values.len(), 256);
}

#[test]
fn replaying_is_known_to_the_code() {
    let (program, seen) = noting(OrchestrationContext::is_replaying);
    let mut live = program.start();
    live.complete(2, "");
    assert_eq!(taken(&seen), [false, false]);
    let mut execution = program.replay(&live.history).unwrap();
    assert_eq!(taken(&seen), [true, true]);
    let step = execution.apply(completed(4, ""), at(5)).unwrap();
    assert_eq!(taken(&seen), [false]);
    assert_eq!(line(step.events.last().unwrap()), "6 done: ");
}

#[test]
fn the_code_knows_who_it_is() {
    let program = Program::with_input(|ctx, input| async move {
        Ok(format!(
            "{} {} {} {} {input}",
            ctx.instance_id(),
            ctx.execution_id(),
            ctx.orchestration_name(),
            ctx.orchestration_version(),
        ))
    });
    let mut execution = program.execution();
    let turn = run_turn(&mut execution, [(start("in"), at(1))]);
    assert_eq!(
        turn.outcome,
        Outcome::Completed("instance 1 test 1.0.0 in".to_owned())
    );
    assert!(program.replay(&turn.history_delta).unwrap().is_ended());
}
