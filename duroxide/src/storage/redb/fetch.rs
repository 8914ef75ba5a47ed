//! Fetching: take what is ready, or park; then read what memory does not have. Whoever is dropped
//! on the way gives back what it took.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::history::InstanceId;
use crate::provider::{
    ActivityItem, ActivityLock, ActivityRequest, InboxMessage, MessageId, ProviderError, TurnItem,
    TurnLock,
};
use crate::storage::redb::activities::TakenActivity;
use crate::storage::redb::bodies::ActivityKey;
use crate::storage::redb::inbox::{Head, Row};
use crate::storage::redb::parking::{Look, park_until};
use crate::storage::redb::reads::{self, ReadError};
use crate::storage::redb::shared::{Core, DecodedTurn, Shared, until};
use crate::storage::redb::state::Moment;
use crate::storage::redb::turns::{TakenMessage, TakenTurn};

const FETCH_TURNS: &str = "fetch turns";
const FETCH_ACTIVITIES: &str = "fetch activities";

/// At least one turn, at most `max`.
pub(crate) async fn turns(
    shared: &Shared,
    max: usize,
    lock_timeout: Duration,
) -> Result<Vec<TurnItem>, ProviderError> {
    if max == 0 {
        return Ok(Vec::new());
    }
    loop {
        let take = |core: &mut Core, now: Moment| take_turns(shared, core, max, lock_timeout, now);
        let (taken, written) = park_until(shared, |state| &mut state.turn_lot, take).await?;
        let mut back = GiveBack {
            shared,
            turns: taken
                .iter()
                .map(|turn| (turn.instance, turn.epoch, turn.token))
                .collect(),
            activities: Vec::new(),
        };
        if let Some(written) = written {
            until(FETCH_TURNS, written).await?;
        }
        let mut items = Vec::with_capacity(taken.len());
        for turn in taken {
            items.extend(turn_item(shared, turn)?);
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
    max: usize,
    lock_timeout: Duration,
) -> Result<Vec<ActivityItem>, ProviderError> {
    if max == 0 {
        return Ok(Vec::new());
    }
    loop {
        let take = |core: &mut Core, now: Moment| {
            let state = &mut core.state;
            state.activities.promote(now.elapsed);
            let unique_id = || shared.options.env.unique_id();
            let (taken, wrote) = state.take_activities(max, lock_timeout, now, unique_id);
            if taken.is_empty() {
                return Ok(Look::Park(state.activities.next_due()));
            }
            // Others may have been due at the same moment.
            let more = state.activities.ready_len(now.elapsed);
            Ok(Look::Take(taken, wrote.then(|| state.join()), more))
        };
        let (taken, written) = park_until(shared, |state| &mut state.activity_lot, take).await?;
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
    max: usize,
    lock_timeout: Duration,
    now: Moment,
) -> Result<Look<Vec<TakenTurn>>, ProviderError> {
    let database = Arc::clone(core.phase.database(FETCH_TURNS)?);
    let state = &mut core.state;
    if let Some((from, until)) = state.timers.to_load(now.wall) {
        match reads::timers(&database, from, until) {
            Ok(loaded) => state.timers.loaded(loaded),
            Err(error) => {
                core.broken = true;
                shared.writer.notify_one();
                return Err(ProviderError::Unavailable {
                    operation: FETCH_TURNS,
                    source: Box::new(error),
                });
            }
        }
    }
    state.promote_turns(now);
    let unique_id = || shared.options.env.unique_id();
    let (taken, wrote) = state.take_turns(max, lock_timeout, now, unique_id);
    if taken.is_empty() {
        return Ok(Look::Park(state.next_turn_due(now)));
    }
    let written = wrote.then(|| state.join());
    let more = state.ready.len();
    Ok(Look::Take(taken, written, more))
}

/// Reads what memory did not have. `None`: the instance cannot be worked on.
fn turn_item(shared: &Shared, turn: TakenTurn) -> Result<Option<TurnItem>, ProviderError> {
    let Some(row) = turn_row(shared, &turn)? else {
        return Ok(None);
    };
    let Row {
        head,
        execution_id,
        last_event,
        last_turn: last_turn_id,
        ended,
        ..
    } = row;
    let mut messages = Vec::with_capacity(turn.messages.len());
    for TakenMessage {
        id,
        attempt,
        message,
    } in turn.messages
    {
        let message = match message {
            Some(message) => message,
            None => shared.read(FETCH_TURNS, &head.id, |database| {
                reads::message(database, id, turn.instance)
            })?,
        };
        messages.push(InboxMessage {
            id: MessageId(id),
            attempt,
            message,
        });
    }
    Ok(Some(TurnItem {
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
        parent: None,
        ended,
        messages,
    }))
}

fn turn_row(shared: &Shared, turn: &TakenTurn) -> Result<Option<Row>, ProviderError> {
    if let Some(row) = &turn.row {
        return Ok(Some(row.clone()));
    }
    let instance = turn.instance;
    match read_row(shared, FETCH_TURNS, instance)? {
        Ok(row) => {
            // Under our lease nobody else changes it.
            let remembered = row.clone();
            shared.act(FETCH_TURNS, |state, _, _| {
                state.remember(instance, remembered);
            })?;
            Ok(Some(row))
        }
        Err(problem) => {
            tracing::error!(
                instance,
                problem,
                "an instance cannot be read; its messages wait"
            );
            let epoch = turn.epoch;
            shared.act(FETCH_TURNS, |state, _, _| state.set_aside(instance, epoch))?;
            Ok(None)
        }
    }
}

/// The row on disk, or why there is none that could be used.
fn read_row(
    shared: &Shared,
    operation: &'static str,
    instance: u64,
) -> Result<Result<Row, String>, ProviderError> {
    let database = Arc::clone(shared.lock().phase.database(operation)?);
    match reads::row(&database, instance) {
        Ok(Some(row)) => Ok(Ok(row)),
        Ok(None) => Ok(Err("there is no such instance".to_owned())),
        Err(ReadError::Corrupt { problem, .. }) => Ok(Err(problem)),
        Err(ReadError::Store(error)) => {
            let error = ReadError::Store(error);
            shared.report(&error);
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
    let Some(head) = activity_head(shared, taken.head, key.instance)? else {
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

fn activity_head(
    shared: &Shared,
    head: Option<Arc<Head>>,
    instance: u64,
) -> Result<Option<Arc<Head>>, ProviderError> {
    if head.is_some() {
        return Ok(head);
    }
    let known = shared.act(FETCH_ACTIVITIES, |state, _, _| {
        state.row(instance).map(|row| Arc::clone(&row.head))
    })?;
    if known.is_some() {
        return Ok(known);
    }
    match read_row(shared, FETCH_ACTIVITIES, instance)? {
        Ok(row) => Ok(Some(row.head)),
        Err(problem) => {
            tracing::error!(instance, problem, "an activity's instance cannot be read");
            Ok(None)
        }
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
    let turn = match shared.read(FETCH_ACTIVITIES, instance, |database| {
        reads::turn_of(database, key)
    }) {
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
