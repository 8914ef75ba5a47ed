//! Looking for work, and parking until it is worth looking again.

use std::sync::Arc;
use std::time::Duration;

use crate::provider::ProviderError;
use crate::storage::redb::lot::{Lot, Ticket};
use crate::storage::redb::shared::{Core, Phase, Shared};
use crate::storage::redb::state::{Moment, State};

/// A queue that fetches wait for.
pub(crate) trait Queue {
    /// What a fetch wants.
    type Interest: Ord + Clone;
    /// What a fetch is woken for.
    type Reason;

    /// Where they wait.
    fn lot(state: &mut State) -> &mut Lot<Self::Interest, Self::Reason>;

    /// Wakes somebody else for the same work, if that is still there.
    fn hand_on(state: &mut State, reason: Self::Reason, now: Moment);
}

/// What a look at the queue comes to.
pub(crate) enum Look<T> {
    Take(T),
    /// Nothing yet; the next thing falls due then.
    Park(Option<Duration>),
}

/// Looks, and parks until it is worth looking again.
pub(crate) async fn park_until<Q: Queue, T>(
    shared: &Shared,
    interest: &Q::Interest,
    mut look: impl FnMut(&mut Core, Moment) -> Result<Look<T>, ProviderError>,
) -> Result<T, ProviderError> {
    let mut parked = Parked::<Q> {
        shared,
        interest,
        ticket: None,
    };
    loop {
        let (wake, sleep) = {
            let now = shared.now();
            let mut core = shared.lock();
            let reason = parked
                .ticket
                .as_ref()
                .and_then(|ticket| Q::lot(&mut core.state).arrive(ticket, interest));
            let found = match &core.phase {
                Phase::Closed => return Err(ProviderError::Closed),
                Phase::Reopening => Ok(Look::Park(None)),
                Phase::Open(_) => look(&mut core, now),
            };
            // It may have taken something else, or may not take this any more.
            if let Some(reason) = reason {
                Q::hand_on(&mut core.state, reason, now);
            }
            let next_due = match found {
                Ok(Look::Park(next_due)) => next_due,
                Ok(Look::Take(taken)) => {
                    if let Some(ticket) = parked.ticket.take() {
                        Q::lot(&mut core.state).leave(&ticket, interest);
                    }
                    shared.rouse(&core);
                    return Ok(taken);
                }
                Err(error) => return Err(error),
            };
            let lot = Q::lot(&mut core.state);
            let (ticket, due) = lot.park(parked.ticket.take(), interest, next_due);
            shared.rouse(&core);
            let wake = Arc::clone(&ticket.wake);
            parked.ticket = Some(ticket);
            (wake, due.map(|due| due.saturating_sub(now.elapsed)))
        };
        match sleep {
            None => wake.notified().await,
            Some(sleep) => {
                tokio::select! {
                    biased;
                    () = wake.notified() => {}
                    () = shared.options.env.sleep(sleep) => {}
                }
            }
        }
    }
}

/// Somebody parked. Dropped in the middle, it hands on what was meant for it.
struct Parked<'a, Q: Queue> {
    shared: &'a Shared,
    interest: &'a Q::Interest,
    ticket: Option<Ticket>,
}

impl<Q: Queue> Drop for Parked<'_, Q> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            let now = self.shared.now();
            let mut core = self.shared.lock();
            let unused = Q::lot(&mut core.state).leave(ticket, self.interest);
            if let Some(reason) = unused {
                Q::hand_on(&mut core.state, reason, now);
            }
            self.shared.rouse(&core);
        }
    }
}
