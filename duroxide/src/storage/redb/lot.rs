//! Where fetches park until there is something for them.
//!
//! One piece of work wakes one parked fetch that wants it. One of the parked, the alarm, also sleeps
//! until the next thing falls due; the others sleep for nothing. Whoever leaves with the alarm, or
//! with a wake-up that it did not use, hands it on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

/// The parked fetches of one queue: what they want, and what they were woken for.
#[derive(Debug)]
pub(crate) struct Lot<I, R> {
    next: u64,
    /// Those that want the same stand together: what wakes one of them need not ask all.
    parked: BTreeMap<I, BTreeMap<u64, Arc<Notify>>>,
    /// On the way to look, and for what; `None`: for whatever there is.
    woken: BTreeMap<u64, Option<R>>,
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

impl<I, R> Default for Lot<I, R> {
    fn default() -> Self {
        Self {
            next: 0,
            parked: BTreeMap::new(),
            woken: BTreeMap::new(),
            alarm: None,
        }
    }
}

impl<I: Ord + Clone, R> Lot<I, R> {
    /// Whether somebody is there to take work, or on the way to it.
    pub(crate) fn is_attended(&self) -> bool {
        !self.parked.is_empty() || !self.woken.is_empty()
    }

    /// Somebody came back to look for work; with what it was woken for, if it was that.
    pub(crate) fn arrive(&mut self, ticket: &Ticket, interest: &I) -> Option<R> {
        self.unpark(ticket.number, interest);
        self.woken.remove(&ticket.number).flatten()
    }

    /// Parks; with the moment until which to sleep, for whoever becomes the alarm.
    pub(crate) fn park(
        &mut self,
        ticket: Option<Ticket>,
        interest: &I,
        next_due: Option<Duration>,
    ) -> (Ticket, Option<Duration>) {
        let ticket = ticket.unwrap_or_else(|| {
            self.next = self.next.wrapping_add(1);
            Ticket {
                number: self.next,
                wake: Arc::new(Notify::new()),
            }
        });
        let wake = Arc::clone(&ticket.wake);
        if let Some(same) = self.parked.get_mut(interest) {
            same.insert(ticket.number, wake);
        } else {
            let alone = BTreeMap::from([(ticket.number, wake)]);
            self.parked.insert(interest.clone(), alone);
        }
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

    /// Leaves for good; with what it was woken for and did not look at.
    pub(crate) fn leave(&mut self, ticket: &Ticket, interest: &I) -> Option<R> {
        let unused = self.arrive(ticket, interest);
        let was_alarm = self
            .alarm
            .as_ref()
            .is_some_and(|alarm| alarm.ticket == ticket.number);
        if was_alarm {
            self.alarm = None;
            self.nudge();
        }
        unused
    }

    /// There is one more piece of work, for whoever wants it.
    pub(crate) fn wake_one(&mut self, reason: R, wants: impl Fn(&I) -> bool) {
        let alarm = self.alarm.as_ref().map(|alarm| alarm.ticket);
        let mut chosen: Option<(u64, &I)> = None;
        for (interest, parked) in self.parked.iter().filter(|(interest, _)| wants(interest)) {
            // The alarm keeps watch as long as somebody else can go.
            let mut tickets = parked.keys().copied();
            let first = tickets.next();
            let best = match first {
                Some(first) if Some(first) == alarm => tickets.next().or(Some(first)),
                first => first,
            };
            let rank = |ticket: u64| (Some(ticket) == alarm, ticket);
            if let Some(ticket) = best
                && chosen.is_none_or(|(other, _)| rank(ticket) < rank(other))
            {
                chosen = Some((ticket, interest));
            }
        }
        let Some((ticket, interest)) = chosen else {
            return;
        };
        let interest = interest.clone();
        if let Some(wake) = self.unpark(ticket, &interest) {
            self.woken.insert(ticket, Some(reason));
            wake.notify_one();
        }
    }

    /// Everybody looks again.
    pub(crate) fn wake_all(&mut self) {
        self.alarm = None;
        for (ticket, wake) in std::mem::take(&mut self.parked).into_values().flatten() {
            self.woken.insert(ticket, None);
            wake.notify_one();
        }
    }

    /// Something falls due at `due`: somebody must be awake by then.
    pub(crate) fn expect(&mut self, due: Duration) {
        match &self.alarm {
            Some(alarm) if alarm.due <= due => {}
            Some(alarm) => {
                let ticket = alarm.ticket;
                let wake = self.parked.values().find_map(|same| same.get(&ticket));
                if let Some(wake) = wake {
                    wake.notify_one();
                }
            }
            None => self.nudge(),
        }
    }

    /// Makes the one that has been parked longest the alarm, if there is one. It is that at once,
    /// and not when it looks: else whoever took something and comes back first would always be the
    /// next to take, and what it puts back would never reach the others.
    fn nudge(&mut self) {
        let firsts = self.parked.values().filter_map(BTreeMap::first_key_value);
        let Some((&ticket, wake)) = firsts.min_by_key(|(ticket, _)| **ticket) else {
            return;
        };
        wake.notify_one();
        let due = Duration::ZERO;
        self.alarm = Some(Alarm { ticket, due });
    }

    /// How many fetches ever parked.
    #[cfg(test)]
    pub(crate) fn tickets(&self) -> u64 {
        self.next
    }

    /// How many are parked.
    #[cfg(test)]
    pub(crate) fn parked(&self) -> usize {
        self.parked.values().map(BTreeMap::len).sum()
    }

    fn unpark(&mut self, ticket: u64, interest: &I) -> Option<Arc<Notify>> {
        let same = self.parked.get_mut(interest)?;
        let wake = same.remove(&ticket);
        if same.is_empty() {
            self.parked.remove(interest);
        }
        wake
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Plain = Lot<u8, u8>;

    const DUE: Option<Duration> = Some(Duration::from_secs(1));

    #[test]
    fn whoever_comes_back_first_waits_behind_those_who_waited() {
        let mut lot = Plain::default();
        let (first, _) = lot.park(None, &1, DUE);
        let (second, _) = lot.park(None, &1, DUE);
        let (third, _) = lot.park(None, &1, DUE);
        // The first takes something, and is back before the second has got round to looking.
        lot.leave(&first, &1);
        let (first, sleeps) = lot.park(None, &1, DUE);
        assert_eq!(sleeps, None);
        lot.expect(Duration::from_millis(1));
        lot.arrive(&second, &1);
        let (second, sleeps) = lot.park(Some(second), &1, DUE);
        assert_eq!(sleeps, DUE);
        lot.leave(&second, &1);
        // A newcomer of a kind that sorts first does not come before them either.
        let (newcomer, sleeps) = lot.park(None, &0, DUE);
        assert_eq!(sleeps, None);
        lot.leave(&third, &1);
        let (_, sleeps) = lot.park(Some(first), &1, DUE);
        assert_eq!(sleeps, DUE);
        let (_, sleeps) = lot.park(Some(newcomer), &0, DUE);
        assert_eq!(sleeps, None);
    }

    fn is_woken(lot: &Plain, ticket: &Ticket) -> bool {
        lot.woken.contains_key(&ticket.number)
    }

    #[test]
    fn one_piece_of_work_wakes_one_and_spares_the_alarm() {
        let mut lot = Plain::default();
        let (alarm, sleeps) = lot.park(None, &1, DUE);
        assert_eq!(sleeps, DUE);
        let (second, sleeps) = lot.park(None, &1, DUE);
        assert_eq!(sleeps, None);
        lot.wake_one(9, |_| true);
        assert!(is_woken(&lot, &second) && !is_woken(&lot, &alarm));
        lot.wake_one(9, |_| true);
        assert!(is_woken(&lot, &alarm));
    }

    #[test]
    fn a_wake_up_that_is_not_used_can_be_handed_on() {
        let mut lot = Plain::default();
        let (first, _) = lot.park(None, &1, None);
        let (second, _) = lot.park(None, &1, None);
        lot.wake_one(9, |_| true);
        assert!(is_woken(&lot, &first));
        assert_eq!(lot.leave(&first, &1), Some(9));
        lot.wake_one(9, |_| true);
        assert_eq!(lot.arrive(&second, &1), Some(9));
        assert_eq!(lot.leave(&second, &1), None);
        assert!(!lot.is_attended());
    }

    #[test]
    fn only_those_that_want_it_are_woken_and_the_oldest_of_them() {
        let mut lot = Plain::default();
        let (other, _) = lot.park(None, &1, None);
        let (young, _) = {
            let (old, _) = lot.park(None, &3, None);
            let young = lot.park(None, &2, None);
            lot.wake_one(9, |interest| *interest >= 2);
            assert!(is_woken(&lot, &old));
            young
        };
        assert!(!is_woken(&lot, &other) && !is_woken(&lot, &young));
        lot.wake_one(9, |interest| *interest >= 2);
        lot.wake_one(9, |interest| *interest >= 2);
        assert!(is_woken(&lot, &young) && !is_woken(&lot, &other));
    }
}
