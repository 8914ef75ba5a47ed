//! Everything that a program may come to, by its text alone: nothing here runs it.

use std::collections::BTreeSet;

use super::program::{Does, Op, Program};

/// What an instance may end with. That it is cancelled stands beside this.
pub(crate) type Outcomes = BTreeSet<Result<String, String>>;

/// What the program may come to if it goes on with that execution.
pub(crate) fn outcomes(program: &Program, from: usize) -> Outcomes {
    let phases = program.phases.iter().enumerate().skip(from);
    let phases = phases.map(|(number, phase)| {
        let before = program.phases[..number].iter();
        let before: u32 = before.map(|phase| phase.reads).sum();
        let read = read(before, phase.reads);
        chain([BTreeSet::from([Ok(read)]), of(&phase.op)], |said| {
            said.join(",")
        })
    });
    chain(phases.collect::<Vec<_>>(), |said| said.join(";"))
}

/// What reading so many messages of a queue gives.
pub(crate) fn read(first: u32, count: u32) -> String {
    let read = (first..first + count).map(|number| number.to_string());
    read.collect::<Vec<_>>().join(".")
}

fn of(op: &Op) -> Outcomes {
    let ok = |text: String| BTreeSet::from([Ok(text)]);
    match op {
        Op::Call { name, does, .. } => match does {
            Does::Returns(_) => ok(format!("a{name}")),
            Does::Fails(_) => BTreeSet::from([Err(format!("f{name}"))]),
        },
        Op::Retried {
            name,
            fails,
            attempts,
        } => {
            if fails < attempts {
                ok(format!("r{name}"))
            } else {
                BTreeSet::from([Err(format!("f{name}"))])
            }
        }
        Op::Bomb(name) => BTreeSet::from([Ok(format!("a{name}")), Ok("bombed".to_owned())]),
        Op::Timer(_) => ok("t".to_owned()),
        Op::Wait(_) => ok("e".to_owned()),
        Op::Drain { count, .. } | Op::RacedDrain { count, .. } => ok(read(0, *count)),
        Op::Sequence(ops) => chain(ops.iter().map(of).collect::<Vec<_>>(), |said| {
            said.join(",")
        }),
        Op::Join(ops) => join(ops.iter().map(of).collect()),
        Op::Select(ops) => {
            let each = ops.iter().enumerate();
            let each = each.flat_map(|(place, op)| {
                of(op)
                    .into_iter()
                    .map(move |came| came.map(|it| format!("{place}:{it}")))
            });
            each.collect()
        }
        Op::Timeout(_, op) => {
            let mut came = of(op);
            came.insert(Ok("late".to_owned()));
            came
        }
        Op::Child { program, .. } => {
            let came = outcomes(program, 0).into_iter();
            came.map(|came| Ok(came.map_or_else(|_| "cf".to_owned(), |it| format!("c({it})"))))
                .collect()
        }
        Op::Detached { .. } => ok("d".to_owned()),
        Op::Dropped(_) => ok("x".to_owned()),
        Op::Passed(_, op) | Op::Keep(_, op) | Op::Draw(_, op) | Op::Saga(_, op) => of(op),
        Op::Fails(name) => BTreeSet::from([Err(format!("f{name}"))]),
    }
}

/// One behind the other: the first that fails is the end.
fn chain(
    parts: impl IntoIterator<Item = Outcomes>,
    said: impl Fn(&[String]) -> String,
) -> Outcomes {
    let mut ends = Outcomes::new();
    let mut open: BTreeSet<Vec<String>> = BTreeSet::from([Vec::new()]);
    for part in parts {
        let mut next = BTreeSet::new();
        for came in &part {
            match came {
                // Whatever came before: there was something, so it was got to.
                Err(error) if !open.is_empty() => drop(ends.insert(Err(error.clone()))),
                Err(_) => {}
                Ok(text) => next.extend(open.iter().map(|before| {
                    let mut before = before.clone();
                    before.push(text.clone());
                    before
                })),
            }
        }
        open = next;
    }
    ends.extend(open.iter().map(|all| Ok(said(all))));
    ends
}

/// Side by side, all to their end: of those that fail the first in the order of writing counts.
fn join(parts: Vec<Outcomes>) -> Outcomes {
    let mut all: BTreeSet<Result<Vec<String>, String>> = BTreeSet::from([Ok(Vec::new())]);
    for part in parts {
        let mut next = BTreeSet::new();
        for before in &all {
            for came in &part {
                next.insert(match (before, came) {
                    (Err(error), _) | (Ok(_), Err(error)) => Err(error.clone()),
                    (Ok(before), Ok(text)) => {
                        let mut before = before.clone();
                        before.push(text.clone());
                        Ok(before)
                    }
                });
            }
        }
        all = next;
    }
    let said = |came: Result<Vec<String>, String>| came.map(|all| format!("[{}]", all.join(" ")));
    all.into_iter().map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::super::program::Phase;
    use super::*;

    fn program(op: Op) -> Program {
        Program {
            phases: vec![Phase { reads: 2, op }],
            may_be_cancelled: false,
            clean_up: None,
        }
    }

    fn all(op: Op) -> Vec<Result<String, String>> {
        outcomes(&program(op), 0).into_iter().collect()
    }

    #[test]
    fn a_sequence_ends_with_its_first_failure() {
        let op = Op::Sequence(vec![Op::Timer(1), Op::Fails("7".to_owned()), Op::Timer(1)]);
        assert_eq!(all(op), [Err("f7".to_owned())]);
        let op = Op::Sequence(vec![Op::Timer(1), Op::Timer(1)]);
        assert_eq!(all(op), [Ok("0.1,t,t".to_owned())]);
    }

    #[test]
    fn a_race_may_be_won_by_each() {
        let race = Op::Select(vec![Op::Timer(1), Op::Fails("7".to_owned())]);
        let op = Op::Timeout(1, Box::new(race));
        assert_eq!(
            all(op),
            [
                Ok("0.1,0:t".to_owned()),
                Ok("0.1,late".to_owned()),
                Err("f7".to_owned())
            ]
        );
    }

    #[test]
    fn a_join_has_all_combinations() {
        let race = || Op::Timeout(1, Box::new(Op::Timer(1)));
        assert_eq!(all(Op::Join(vec![race(), race()])).len(), 4);
    }
}
