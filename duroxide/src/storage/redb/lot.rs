//! Where fetches park until there is something for them.
//!
//! One piece of work wakes one parked fetch. One of the parked, the alarm, also sleeps until the
//! next thing falls due; the others sleep for nothing. Whoever leaves with the alarm, or with a
//! wake-up that it did not use, hands it on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// The parked fetches of one queue.
#[derive(Debug, Default)]
pub(crate) struct Lot {
    next: u64,
    parked: BTreeMap<u64, Arc<Notify>>,
    woken: BTreeSet<u64>,
    alarm: Option<Alarm>,
}

#[derive(Debug)]
struct Alarm {
    ticket: u64,
    /// On the monotonic clock.
    due: Duration,
}

/// A place in the lot.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    number: u64,
    pub(crate) wake: Arc<Notify>,
}

impl Lot {
    /// Whether somebody is there to take work, or on the way to it.
    pub(crate) fn is_attended(&self) -> bool {
        !self.parked.is_empty() || !self.woken.is_empty()
    }

    /// Somebody came back to look for work.
    pub(crate) fn arrive(&mut self, ticket: &Ticket) {
        self.woken.remove(&ticket.number);
    }

    /// Parks; with the moment until which to sleep, for whoever becomes the alarm.
    pub(crate) fn park(
        &mut self,
        ticket: Option<Ticket>,
        next_due: Option<Duration>,
    ) -> (Ticket, Option<Duration>) {
        let ticket = ticket.unwrap_or_else(|| {
            self.next = self.next.wrapping_add(1);
            Ticket {
                number: self.next,
                wake: Arc::new(Notify::new()),
            }
        });
        self.parked.insert(ticket.number, Arc::clone(&ticket.wake));
        let free = self
            .alarm
            .as_ref()
            .is_none_or(|alarm| alarm.ticket == ticket.number);
        if !free {
            return (ticket, None);
        }
        self.alarm = next_due.map(|due| Alarm {
            ticket: ticket.number,
            due,
        });
        (ticket, next_due)
    }

    /// Leaves for good. `content`: with work, so that an unused wake-up is not to be handed on.
    pub(crate) fn leave(&mut self, ticket: &Ticket, content: bool) {
        self.parked.remove(&ticket.number);
        let was_woken = self.woken.remove(&ticket.number);
        let was_alarm = self
            .alarm
            .as_ref()
            .is_some_and(|alarm| alarm.ticket == ticket.number);
        if was_alarm {
            self.alarm = None;
            self.nudge();
        }
        if was_woken && !content {
            self.wake_one();
        }
    }

    /// There is one more piece of work.
    /// False: nobody is parked.
    pub(crate) fn wake_one(&mut self) -> bool {
        let alarm = self.alarm.as_ref().map(|alarm| alarm.ticket);
        let mut tickets = self.parked.keys().copied();
        // The alarm keeps watch as long as somebody else can go.
        let chosen = match (tickets.next(), alarm) {
            (Some(first), Some(alarm)) if first == alarm => Some(tickets.next().unwrap_or(first)),
            (first, _) => first,
        };
        let Some((ticket, wake)) = chosen.and_then(|ticket| self.parked.remove_entry(&ticket))
        else {
            return false;
        };
        self.woken.insert(ticket);
        wake.notify_one();
        true
    }

    /// Everybody looks again.
    pub(crate) fn wake_all(&mut self) {
        self.alarm = None;
        for (ticket, wake) in std::mem::take(&mut self.parked) {
            self.woken.insert(ticket);
            wake.notify_one();
        }
    }

    /// Something falls due at `due`: somebody must be awake by then.
    pub(crate) fn expect(&mut self, due: Duration) {
        match &self.alarm {
            Some(alarm) if alarm.due <= due => {}
            Some(alarm) => {
                if let Some(wake) = self.parked.get(&alarm.ticket) {
                    wake.notify_one();
                }
            }
            None => self.nudge(),
        }
    }

    /// Lets one of the parked become the alarm, if there is one.
    fn nudge(&mut self) {
        if let Some(wake) = self.parked.values().next() {
            wake.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUE: Option<Duration> = Some(Duration::from_secs(1));

    fn is_woken(lot: &Lot, ticket: &Ticket) -> bool {
        lot.woken.contains(&ticket.number)
    }

    #[test]
    fn one_piece_of_work_wakes_one_and_spares_the_alarm() {
        let mut lot = Lot::default();
        let (alarm, sleeps) = lot.park(None, DUE);
        assert_eq!(sleeps, DUE);
        let (second, sleeps) = lot.park(None, DUE);
        assert_eq!(sleeps, None);
        lot.wake_one();
        assert!(is_woken(&lot, &second) && !is_woken(&lot, &alarm));
        lot.wake_one();
        assert!(is_woken(&lot, &alarm));
    }

    #[test]
    fn a_wake_up_that_is_not_used_is_handed_on() {
        let mut lot = Lot::default();
        let (first, _) = lot.park(None, None);
        let (second, _) = lot.park(None, None);
        lot.wake_one();
        assert!(is_woken(&lot, &first));
        lot.leave(&first, false);
        assert!(is_woken(&lot, &second));
        lot.leave(&second, true);
        assert!(!lot.is_attended());
    }
}
