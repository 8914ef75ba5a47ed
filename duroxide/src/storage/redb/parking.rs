//! Looking for work, and parking until it is worth looking again.

use std::sync::Arc;
use std::time::Duration;

use crate::provider::ProviderError;
use crate::storage::redb::lot::{Lot, Ticket};
use crate::storage::redb::shared::{Core, Phase, Shared};
use crate::storage::redb::state::{Durable, Moment, State};

/// What a look at the queue comes to.
pub(crate) enum Look<T> {
    /// With what to wait for before it is handed out, and how many more are ready.
    Take(T, Option<Durable>, usize),
    /// Nothing yet; the next thing falls due then.
    Park(Option<Duration>),
}

/// Looks, and parks until it is worth looking again.
pub(crate) async fn park_until<T>(
    shared: &Shared,
    lot: fn(&mut State) -> &mut Lot,
    mut look: impl FnMut(&mut Core, Moment) -> Result<Look<T>, ProviderError>,
) -> Result<(T, Option<Durable>), ProviderError> {
    let mut parked = Parked {
        shared,
        lot,
        ticket: None,
    };
    loop {
        let (wake, sleep) = {
            let now = shared.now();
            let mut core = shared.lock();
            if let Some(ticket) = &parked.ticket {
                lot(&mut core.state).arrive(ticket);
            }
            let next_due = match &core.phase {
                Phase::Closed => return Err(ProviderError::Closed),
                Phase::Reopening => None,
                Phase::Open(_) => match look(&mut core, now)? {
                    Look::Take(taken, written, more) => {
                        let lot = lot(&mut core.state);
                        if let Some(ticket) = parked.ticket.take() {
                            lot.leave(&ticket, true);
                        }
                        for _ in 0..more {
                            if !lot.wake_one() {
                                break;
                            }
                        }
                        shared.rouse(&core);
                        return Ok((taken, written));
                    }
                    Look::Park(next_due) => next_due,
                },
            };
            let (ticket, due) = lot(&mut core.state).park(parked.ticket.take(), next_due);
            shared.rouse(&core);
            let wake = Arc::clone(&ticket.wake);
            parked.ticket = Some(ticket);
            (wake, due.map(|due| due.saturating_sub(now.elapsed)))
        };
        match sleep {
            None => wake.notified().await,
            Some(sleep) => {
                tokio::select! {
                    () = wake.notified() => {}
                    () = shared.options.env.sleep(sleep) => {}
                }
            }
        }
    }
}

/// Somebody parked. Dropped in the middle, it hands on what was meant for it.
struct Parked<'a> {
    shared: &'a Shared,
    lot: fn(&mut State) -> &mut Lot,
    ticket: Option<Ticket>,
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = &self.ticket {
            let mut core = self.shared.lock();
            (self.lot)(&mut core.state).leave(ticket, false);
            self.shared.rouse(&core);
        }
    }
}
