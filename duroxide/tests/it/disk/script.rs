//! Turns that an orchestration might take, drawn at random.

use std::collections::{BTreeMap, BTreeSet};

use duroxide::history::{EventId, ExecutionId, InstanceId, Message};
use duroxide::provider::conformance::Turn;
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{Provider as _, Timer, TurnCommit, TurnItem, TurnOutcome};
use duroxide::time::Timestamp;

use crate::support::dice::Dice;

/// What the current execution of each instance asked for and may take back.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    open: BTreeMap<InstanceId, (ExecutionId, Vec<Open>)>,
    /// Instances that ever set a timer. Whether one that is due is a message already, which stays when
    /// its execution is forgotten, or still a timer, which goes, is the store's business: what these
    /// have been is not forgotten in these tests, and their timers are taken back before they are due.
    timed: BTreeSet<InstanceId>,
}

#[derive(Clone, Copy, Debug)]
enum Open {
    Activity(EventId),
    Timer(Timer),
}

impl Asked {
    /// A turn was written.
    pub(crate) fn note(&mut self, instance: &InstanceId, turn: &TurnCommit) {
        if !turn.timers.is_empty() {
            self.timed.insert(instance.clone());
        }
        let entry = self.open.entry(instance.clone());
        let (execution, open) = entry.or_insert((turn.execution_id, Vec::new()));
        if *execution != turn.execution_id {
            *execution = turn.execution_id;
            open.clear();
        }
        open.extend(turn.activities.iter().copied().map(Open::Activity));
        open.extend(turn.timers.iter().copied().map(Open::Timer));
        let gone = |open: &Open| match open {
            Open::Activity(source) => turn.cancelled_activities.contains(source),
            Open::Timer(timer) => turn.cancelled_timers.contains(timer),
        };
        open.retain(|open| !gone(open));
    }

    pub(crate) fn forget(&mut self, instance: &InstanceId) {
        self.open.remove(instance);
        self.timed.remove(instance);
    }

    /// Whether what it has been may be forgotten: see there.
    pub(crate) fn may_forget(&self, instance: &InstanceId) -> bool {
        !self.timed.contains(instance)
    }

    fn take(&mut self, item: &TurnItem, random: &mut Dice) -> Option<Open> {
        let (execution, open) = self.open.get_mut(&item.lock.instance)?;
        if *execution != item.execution_id || open.is_empty() {
            return None;
        }
        Some(open[random.index(open.len())])
    }
}

/// Names that scripts use: each text is another one, so that messages can be told apart.
#[derive(Debug, Default)]
pub(crate) struct Names {
    last: u64,
    /// Texts that fill a disk.
    pub(crate) fat: bool,
}

impl Names {
    pub(crate) fn next(&mut self, what: &str) -> String {
        self.last += 1;
        format!("{what}{}", self.last)
    }

    pub(crate) fn number(&mut self) -> u128 {
        self.last += 1;
        u128::from(self.last)
    }

    /// A text that now and then is as long as several pages.
    pub(crate) fn text(&mut self, random: &mut Dice) -> String {
        let len = match random.below(40) {
            _ if self.fat => 40_000,
            0 => 20_000,
            1..4 => 3_000,
            _ => 1,
        };
        self.next(&"x".repeat(len))
    }
}

/// The next turn of this item.
pub(crate) async fn turn(
    item: &TurnItem,
    model: &ModelProvider,
    now: Timestamp,
    others: &[InstanceId],
    asked: &mut Asked,
    names: &mut Names,
    random: &mut Dice,
) -> Turn {
    let begins = item.last_event_id == EventId::NONE;
    let mut turn = if item.messages.len() > 1 && random.one_in(4) {
        let first = item.messages[0].id;
        Turn::consuming(item, |id| id == first)
    } else {
        Turn::of(item)
    };
    if item.ended || (begins && turn.commit.history_delta.is_empty()) {
        return turn;
    }
    for _ in 0..random.below(4) {
        turn = step(turn, item, now, others, asked, names, random);
    }
    let shows = turn.commit.custom_status.is_some() || !turn.commit.kv.is_empty();
    match random.below(12) {
        0 => turn.complete(&names.text(random)),
        1 => turn.fail(&names.next("why")),
        2 if !shows && !begins => {
            let id = &item.lock.instance;
            let status = model.status(id).await.unwrap().unwrap();
            let kept = model.kv_entries(id).await.unwrap();
            let turn = turn.continue_as_new(&names.next("in"));
            let turn = turn.hand_down(status.custom_status.as_deref(), &kept);
            let forgets = random.one_in(2) && turn.commit.timers.is_empty() && asked.may_forget(id);
            turn.with(|commit| {
                if forgets && matches!(commit.outcome, TurnOutcome::ContinuedAsNew { .. }) {
                    commit.forget_before = Some(commit.execution_id.next());
                }
            })
        }
        _ => turn,
    }
}

fn step(
    turn: Turn,
    item: &TurnItem,
    now: Timestamp,
    others: &[InstanceId],
    asked: &mut Asked,
    names: &mut Names,
    random: &mut Dice,
) -> Turn {
    let key = format!("k{}", random.below(4));
    match random.below(13) {
        0..4 => turn.schedule("work", &names.text(random)),
        4 => turn.timer(now.saturating_add(std::time::Duration::from_millis(random.below(300)))),
        5 => match asked.take(item, random) {
            Some(Open::Activity(source)) if !turn.commit.cancelled_activities.contains(&source) => {
                turn.cancel_activity(source)
            }
            Some(Open::Timer(timer))
                if timer.fire_at > now && !turn.commit.cancelled_timers.contains(&timer) =>
            {
                turn.cancel_timer(timer)
            }
            Some(_) | None => turn,
        },
        6 => turn.child(&names.next("child")),
        7 => turn.detached(&names.next("detached")),
        8 if !others.is_empty() => {
            let other = &others[random.index(others.len())];
            let (name, data) = ("told".to_owned(), names.text(random));
            turn.tell(other.as_str(), Message::ExternalEvent { name, data })
        }
        9 => turn.show(Some(&names.next("shows"))),
        10 => turn.set(&key, &names.text(random)),
        11 => turn.clear(&key),
        12 if random.one_in(3) => turn.clear_all(),
        _ => turn,
    }
}
