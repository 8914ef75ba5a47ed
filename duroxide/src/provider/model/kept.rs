//! What an instance shows and keeps follows from its history: said once more, to be compared.

use std::collections::BTreeMap;

use crate::history::{EventKind, KvEntry, Message};

use crate::provider::KvChange;

use super::state::{History, Instance};

/// I12, I15: the custom status, the values and the pins are those that the current execution began
/// with, as its events changed them.
pub(super) fn check(instance: &Instance) -> Result<(), String> {
    let Some(history) = instance.executions.get(&instance.execution_id) else {
        return Err("I8: no current execution".to_owned());
    };
    let (status, kv) = replay(instance, history);
    if instance.custom_status != status {
        return Err(format!(
            "I15: the custom status is {:?}, by the history {status:?}",
            instance.custom_status
        ));
    }
    if instance.kv != kv {
        return Err(format!(
            "I15: the values are {:?}, by the history {kv:?}",
            instance.kv
        ));
    }
    check_pins(instance, history)
}

/// The custom status and the values by the history.
fn replay(instance: &Instance, history: &History) -> (Option<String>, BTreeMap<String, KvEntry>) {
    let (mut shown, mut kept) = handed_down(instance);
    for stored in history.values() {
        match &stored.event.kind {
            EventKind::OrchestrationStarted {
                custom_status, kv, ..
            } => {
                shown.clone_from(custom_status);
                kept = by_key(kv);
            }
            EventKind::CustomStatusUpdated { status } => shown.clone_from(status),
            _ => {}
        }
        if let Some(change) = KvChange::of(&stored.event) {
            change.apply(&mut kept);
        }
    }
    (shown, kept)
}

/// What the start hands down that the current execution waits for, if it does.
fn handed_down(instance: &Instance) -> (Option<String>, BTreeMap<String, KvEntry>) {
    let mut messages = instance.inbox.values();
    let start = messages.find_map(|stored| match &stored.message {
        Message::Start(start) => Some(start),
        _ => None,
    });
    start.map_or_else(Default::default, |start| {
        (start.custom_status.clone(), by_key(&start.kv))
    })
}

fn by_key(entries: &[KvEntry]) -> BTreeMap<String, KvEntry> {
    let entries = entries.iter();
    entries
        .map(|entry| (entry.key.clone(), entry.clone()))
        .collect()
}

/// I8: the current execution is pinned to what its first event says, and has the parent of all.
fn check_pins(instance: &Instance, history: &History) -> Result<(), String> {
    let first = history.first_key_value();
    let Some(EventKind::OrchestrationStarted {
        name,
        version,
        semantics,
        parent,
        ..
    }) = first.map(|(_, stored)| &stored.event.kind)
    else {
        let pinned = instance.semantics;
        return pinned.map_or(Ok(()), |_| {
            Err("I8: pinned before its first turn".to_owned())
        });
    };
    let pinned = instance.semantics == Some(*semantics)
        && instance.version.as_ref() == Some(version)
        && instance.orchestration == *name
        && instance.parent() == parent.as_ref();
    pinned
        .then_some(())
        .ok_or_else(|| "I8: pinned to something else than its first event says".to_owned())
}
