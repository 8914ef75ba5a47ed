//! Fetching: take what is ready, or park; then read what memory does not have. Whoever is dropped
//! on the way gives back what it took.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::history::InstanceId;
use crate::provider::{
    ActivityFetch, ActivityItem, ActivityLock, ActivityRequest, InboxMessage, MessageId,
    ProviderError, TurnFetch, TurnItem, TurnLock,
};
use crate::storage::redb::activities::{ActivityQueue, TakenActivity};
use crate::storage::redb::bodies::ActivityKey;
use crate::storage::redb::inbox::{Head, Row};
use crate::storage::redb::parking::{Look, park_until};
use crate::storage::redb::reads::{self, ReadError};
use crate::storage::redb::shared::{Core, DecodedTurn, Shared, until};
use crate::storage::redb::state::{Durable, Moment};
use crate::storage::redb::turns::{TakenMessage, TakenTurn, TakenTurns, TurnQueue, Unread};

const FETCH_TURNS: &str = "fetch turns";
const FETCH_ACTIVITIES: &str = "fetch activities";

/// At least one turn, at most `max`.
pub(crate) async fn turns(
    shared: &Shared,
    fetch: TurnFetch,
) -> Result<Vec<TurnItem>, ProviderError> {
    if fetch.max == 0 || fetch.semantics.is_empty() {
        return nothing_for_ever(fetch.max).await;
    }
    let interest = (*fetch.semantics.start(), *fetch.semantics.end());
    loop {
        let take = |core: &mut Core, now: Moment| take_turns(shared, core, &fetch, now);
        let (taken, written) = park_until::<TurnQueue, _>(shared, &interest, take).await?;
        let mut written = written;
        let mut back = GiveBack {
            shared,
            turns: Vec::new(),
            activities: Vec::new(),
        };
        let turns = with_rows(shared, &fetch, taken, &mut back, &mut written)?;
        if let Some(written) = written {
            until(FETCH_TURNS, written).await?;
        }
        let mut items = Vec::with_capacity(turns.len());
        for turn in turns {
            items.push(turn_item(shared, turn)?);
        }
        back.turns.clear();
        if !items.is_empty() {
            return Ok(items);
        }
    }
}

/// At least one activity, at most `max`.
pub(crate) async fn activities(
    shared: &Shared,
    fetch: ActivityFetch,
) -> Result<Vec<ActivityItem>, ProviderError> {
    if fetch.max == 0 {
        return Ok(Vec::new());
    }
    let interest = (fetch.tags.clone(), fetch.sessions.clone());
    loop {
        let take = |core: &mut Core, now: Moment| {
            let state = &mut core.state;
            let unique_id = || shared.options.env.unique_id();
            let (taken, wrote) = state.take_activities(&fetch, now, unique_id);
            if taken.is_empty() {
                return Ok(Look::Park(state.activities.next_due()));
            }
            Ok(Look::Take((taken, wrote.then(|| state.join()))))
        };
        let (taken, written) = park_until::<ActivityQueue, _>(shared, &interest, take).await?;
        let mut back = GiveBack {
            shared,
            turns: Vec::new(),
            activities: taken.iter().map(|taken| taken.lock.clone()).collect(),
        };
        if let Some(written) = written {
            until(FETCH_ACTIVITIES, written).await?;
        }
        let mut items = Vec::with_capacity(taken.len());
        for activity in taken {
            items.extend(activity_item(shared, activity)?);
        }
        back.activities.clear();
        if !items.is_empty() {
            return Ok(items);
        }
    }
}

/// Whoever takes nothing waits for nothing; whoever wants what cannot be waits.
async fn nothing_for_ever(max: usize) -> Result<Vec<TurnItem>, ProviderError> {
    if max == 0 {
        return Ok(Vec::new());
    }
    std::future::pending().await
}

/// What was taken and is not handed out yet.
struct GiveBack<'a> {
    shared: &'a Shared,
    turns: Vec<(u64, u64, u128)>,
    activities: Vec<ActivityLock>,
}

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        if self.turns.is_empty() && self.activities.is_empty() {
            return;
        }
        // If the store failed in between there is nothing to give back.
        let _ = self.shared.act("give back", |state, _, now| {
            for &(instance, epoch, token) in &self.turns {
                let elapsed = now.elapsed;
                state.give_back_turn(instance, epoch, token, Duration::ZERO, true, elapsed);
            }
            for lock in &self.activities {
                state.give_back_activity(lock, Duration::ZERO, true, now.elapsed);
            }
        });
    }
}

fn take_turns(
    shared: &Shared,
    core: &mut Core,
    fetch: &TurnFetch,
    now: Moment,
) -> Result<Look<(TakenTurns, Option<Durable>)>, ProviderError> {
    let disk = Arc::clone(core.phase.disk(FETCH_TURNS)?);
    let state = &mut core.state;
    if let Some((from, until)) = state.timers.to_load(now.wall) {
        match reads::timers(&disk, from, until) {
            Ok(loaded) => state.timers.loaded(loaded),
            Err(error) => {
                core.broken = true;
                shared.bell.ring();
                return Err(ProviderError::Unavailable {
                    operation: FETCH_TURNS,
                    source: Box::new(error),
                });
            }
        }
    }
    let unique_id = || shared.options.env.unique_id();
    let taken = state.take_turns(fetch, now, unique_id);
    if taken.turns.is_empty() && taken.unread.is_empty() {
        return Ok(Look::Park(state.next_turn_due(now)));
    }
    let written = taken.wrote.then(|| state.join());
    Ok(Look::Take((taken, written)))
}

/// Reads the rows that were missing, and takes what can be taken then.
fn with_rows(
    shared: &Shared,
    fetch: &TurnFetch,
    taken: TakenTurns,
    back: &mut GiveBack<'_>,
    written: &mut Option<Durable>,
) -> Result<Vec<TakenTurn>, ProviderError> {
    let TakenTurns {
        mut turns, unread, ..
    } = taken;
    let key = |turn: &TakenTurn| (turn.instance, turn.epoch, turn.token);
    back.turns.extend(turns.iter().map(key));
    let mut missing = unread;
    while !missing.is_empty() {
        let read = missing.into_iter();
        let read: Vec<_> = read.map(|unread| read_row_of(shared, unread)).collect();
        read.into_iter().collect::<Result<(), _>>()?;
        let rest = TurnFetch {
            max: fetch.max.saturating_sub(turns.len()),
            ..fetch.clone()
        };
        let more = shared.act(FETCH_TURNS, |state, _, now| {
            let more = state.take_turns(&rest, now, || shared.options.env.unique_id());
            // Groups become durable one after the other: the last is enough.
            if more.wrote {
                *written = Some(state.join());
            }
            more
        })?;
        back.turns.extend(more.turns.iter().map(key));
        turns.extend(more.turns);
        missing = more.unread;
    }
    Ok(turns)
}

/// Reads the row of an instance, so that it can be leased.
fn read_row_of(shared: &Shared, unread: Unread) -> Result<(), ProviderError> {
    let instance = unread.instance;
    let read = read_row(shared, FETCH_TURNS, instance);
    if let Ok(Err(problem)) = &read {
        tracing::error!(
            instance,
            problem,
            "an instance cannot be read; its messages wait"
        );
    }
    let (row, failed) = match read {
        Ok(row) => (Some(row), None),
        Err(error) => (None, Some(error)),
    };
    shared.act(FETCH_TURNS, |state, _, now| {
        state.found_row(unread, row, now.elapsed);
    })?;
    failed.map_or(Ok(()), Err)
}

/// Reads what memory did not have.
fn turn_item(shared: &Shared, turn: TakenTurn) -> Result<TurnItem, ProviderError> {
    let Row {
        head,
        execution_id,
        last_event,
        last_turn: last_turn_id,
        ended,
        ..
    } = turn.row;
    let mut messages = Vec::with_capacity(turn.messages.len());
    for TakenMessage {
        id,
        attempt,
        message,
    } in turn.messages
    {
        let message = match message {
            Some(message) => message,
            None => shared.read(FETCH_TURNS, &head.id, |disk| {
                reads::message(disk, id, turn.instance)
            })?,
        };
        messages.push(InboxMessage {
            id: MessageId(id),
            attempt,
            message,
        });
    }
    Ok(TurnItem {
        lock: TurnLock {
            instance: head.id.clone(),
            epoch: turn.epoch,
            token: turn.token,
        },
        execution_id,
        last_event_id: last_event,
        last_turn_id,
        orchestration: head.orchestration.clone(),
        version: head.version.clone(),
        parent: head.parent.clone(),
        ended,
        messages,
    })
}

/// The row on disk, or why there is none that could be used.
fn read_row(
    shared: &Shared,
    operation: &'static str,
    instance: u64,
) -> Result<Result<Row, String>, ProviderError> {
    let disk = Arc::clone(shared.lock().phase.disk(operation)?);
    match reads::row(&disk, instance) {
        Ok(Some(row)) => Ok(Ok(row)),
        Ok(None) => Ok(Err("there is no such instance".to_owned())),
        Err(ReadError::Corrupt { problem, .. }) => Ok(Err(problem)),
        Err(ReadError::Store(error)) => {
            let error = ReadError::Store(error);
            shared.report(&disk, &error);
            Err(ProviderError::Unavailable {
                operation,
                source: Box::new(error),
            })
        }
    }
}

/// Reads what memory did not have. `None`: nobody can say whose activity it is.
fn activity_item(
    shared: &Shared,
    taken: TakenActivity,
) -> Result<Option<ActivityItem>, ProviderError> {
    let key = taken.key;
    let Some(head) = activity_head(shared, taken.head, &key)? else {
        return Ok(None);
    };
    let request = match taken.request {
        Some(request) => request,
        None => request_of(shared, &head.id, &key)?,
    };
    Ok(Some(ActivityItem {
        lock: taken.lock,
        instance: head.id.clone(),
        execution_id: key.execution_id,
        source: key.source,
        orchestration: head.orchestration.clone(),
        version: head.version.clone(),
        attempt: taken.attempt,
        request,
    }))
}

/// What the execution that scheduled the activity is pinned to.
fn activity_head(
    shared: &Shared,
    head: Option<Arc<Head>>,
    key: &ActivityKey,
) -> Result<Option<Arc<Head>>, ProviderError> {
    if head.is_some() {
        return Ok(head);
    }
    let instance = key.instance;
    let known = shared.act(FETCH_ACTIVITIES, |state, _, _| {
        let row = state.row(instance)?;
        Some((Arc::clone(&row.head), row.execution_id))
    })?;
    let (head, current) = match known {
        Some(known) => known,
        None => match read_row(shared, FETCH_ACTIVITIES, instance)? {
            Ok(row) => (row.head, row.execution_id),
            Err(problem) => {
                tracing::error!(instance, problem, "an activity's instance cannot be read");
                return Ok(None);
            }
        },
    };
    if current == key.execution_id {
        return Ok(Some(head));
    }
    // The row speaks of the current execution: what an earlier one was pinned to stands in its first
    // event, as long as that can be read.
    let pins = shared.read(FETCH_ACTIVITIES, &head.id, |disk| reads::pins_of(disk, key));
    match pins {
        Ok(Some((orchestration, version))) => Ok(Some(Arc::new(Head {
            id: head.id.clone(),
            orchestration,
            version: Some(version),
            parent: head.parent.clone(),
        }))),
        Ok(None) | Err(ProviderError::Corrupt { .. }) => Ok(Some(head)),
        Err(error) => Err(error),
    }
}

/// Name and input stand in the event that scheduled the activity.
fn request_of(
    shared: &Shared,
    instance: &InstanceId,
    key: &ActivityKey,
) -> Result<Result<ActivityRequest, String>, ProviderError> {
    let covers = |decoded: &&DecodedTurn| {
        let behind = key.source.0.checked_sub(decoded.first.0);
        decoded.instance == key.instance
            && decoded.execution_id == key.execution_id
            && behind.is_some_and(|behind| behind < decoded.turn.events.len() as u64)
    };
    let mut last = shared
        .last_turn
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if let Some(decoded) = last.as_ref().filter(covers) {
        return Ok(reads::request_in(decoded.first, &decoded.turn, key.source));
    }
    let turn = match shared.read(FETCH_ACTIVITIES, instance, |disk| reads::turn_of(disk, key)) {
        Ok(turn) => turn,
        Err(error @ ProviderError::Corrupt { .. }) => return Ok(Err(error.to_string())),
        Err(error) => return Err(error),
    };
    let Some((first, turn)) = turn else {
        return Ok(Err("its scheduled event is missing".to_owned()));
    };
    let request = reads::request_in(first, &turn, key.source);
    *last = Some(DecodedTurn {
        instance: key.instance,
        execution_id: key.execution_id,
        first,
        turn: Arc::new(turn),
    });
    Ok(request)
}
