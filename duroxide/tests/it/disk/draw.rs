//! What to do next, drawn at random from what can be done.

use std::time::Duration;

use duroxide::env::Env as _;
use duroxide::history::{InstanceId, Message};
use duroxide::provider::{ActivityItem, InboxMessage, MessageId, TurnItem};

use super::calls::{Both, Call};
use super::lockstep::Lockstep;
use super::{script, view};
use crate::support::dice::Dice;

impl Lockstep {
    /// Some calls at the same time, for different instances.
    pub(super) async fn batch(&mut self) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        let mut busy: Vec<InstanceId> = Vec::new();
        for _ in 0..=self.random.below(4) {
            if let Some((instance, call)) = self.call(&busy, &calls).await {
                busy.push(instance);
                calls.push(call);
            }
        }
        calls
    }

    async fn call(&mut self, busy: &[InstanceId], calls: &[Call]) -> Option<(InstanceId, Call)> {
        match self.random.below(12) {
            0..2 => {
                let id = if self.random.one_in(5) {
                    self.any_instance()?
                } else {
                    let id = view::instance(&self.names.next("i"));
                    self.instances.push(id.clone());
                    id
                };
                let input = self.names.text(&mut self.random);
                (!busy.contains(&id)).then(|| (id.clone(), Call::Start(id, input)))
            }
            2..4 => {
                let id = self.any_instance()?;
                let data = self.names.text(&mut self.random);
                let name = "poke".to_owned();
                let message = Message::ExternalEvent { name, data };
                let number = self.names.number();
                (!busy.contains(&id)).then(|| (id.clone(), Call::Enqueue(id, number, message)))
            }
            4..8 => {
                let free = |item: &Both<TurnItem>| !busy.contains(&item.store.lock.instance);
                let item = any(&mut self.turns, free, &mut self.random)?;
                let id = item.store.lock.instance.clone();
                let call = self.turn(item).await;
                Some((id, call))
            }
            _ => {
                // Which of two completions came through could not be told.
                let completes = |call: &Call| matches!(call, Call::Complete { .. });
                if calls.iter().any(completes) {
                    return None;
                }
                let free = |item: &Both<ActivityItem>| !busy.contains(&item.store.instance);
                let item = any(&mut self.activities, free, &mut self.random)?;
                let id = item.store.instance.clone();
                Some((id, self.activity(item)))
            }
        }
    }

    async fn turn(&mut self, item: Both<TurnItem>) -> Call {
        let lock = Both {
            store: item.store.lock.clone(),
            model: item.model.lock.clone(),
        };
        match self.random.below(10) {
            0 => {
                let forget = self.random.one_in(2);
                return Call::AbandonTurn(lock, Duration::ZERO, forget);
            }
            1 => {
                self.turns.push(item);
                return Call::RenewTurn(lock);
            }
            _ => {}
        }
        let now = self.env.now();
        let turn = script::turn(
            &item.store,
            &self.model,
            now,
            &self.instances,
            &mut self.asked,
            &mut self.names,
            &mut self.random,
        );
        let mut turn = turn.await.commit;
        turn.turn_id = self.names.number();
        let consumed = Both {
            model: in_the_model(&turn.consumed, &item),
            store: turn.consumed.clone(),
        };
        for child in &turn.starts {
            if !self.instances.contains(&child.instance) {
                self.instances.push(child.instance.clone());
            }
        }
        Call::Commit {
            lock,
            turn: Box::new(turn),
            consumed,
        }
    }

    fn activity(&mut self, item: Both<ActivityItem>) -> Call {
        let lock = Both {
            store: item.store.lock.clone(),
            model: item.model.lock.clone(),
        };
        match self.random.below(10) {
            0 => {
                let forget = self.random.one_in(2);
                Call::AbandonActivity(lock, Duration::ZERO, forget)
            }
            1 => {
                self.activities.push(item);
                Call::RenewActivity(lock)
            }
            2 => Call::Complete {
                lock,
                result: Err(self.names.next("why")),
            },
            _ => Call::Complete {
                lock,
                result: Ok(self.names.text(&mut self.random)),
            },
        }
    }

    pub(super) fn removal(&mut self) -> Option<Call> {
        let id = self.any_instance()?;
        if self.random.one_in(2) && self.asked.may_forget(&id) {
            let keep = self.random.one_in(2).then_some(2);
            return Some(Call::Prune(id, keep));
        }
        let mut ids = vec![id];
        if self.random.one_in(3) {
            ids.extend(self.any_instance());
        }
        Some(Call::Delete(ids, self.random.one_in(2)))
    }

    fn any_instance(&mut self) -> Option<InstanceId> {
        let place = self.random.index(self.instances.len());
        self.instances.get(place).cloned()
    }
}

/// Takes out any of these that will do.
fn any<T>(items: &mut Vec<T>, good: impl Fn(&T) -> bool, random: &mut Dice) -> Option<T> {
    let places: Vec<_> = (0..items.len())
        .filter(|&place| good(&items[place]))
        .collect();
    let place = places.get(random.index(places.len()))?;
    Some(items.swap_remove(*place))
}

/// The ids of the same messages in the model; by what they say, as ids are each store's own.
fn in_the_model(consumed: &[MessageId], item: &Both<TurnItem>) -> Vec<MessageId> {
    let mut left: Vec<_> = item.model.messages.iter().collect();
    let mut found = Vec::new();
    for id in consumed {
        let mut ours = item.store.messages.iter();
        let ours = ours.find(|message| message.id == *id).unwrap();
        let same = |theirs: &&InboxMessage| {
            format!("{:?}", theirs.message) == format!("{:?}", ours.message)
        };
        let place = left.iter().position(same).unwrap();
        found.push(left.swap_remove(place).id);
    }
    found
}
