//! Sessions: activities that belong together go to one owner as long as its claim lasts.

use std::time::Duration;

use crate::provider::{ActivityFetch, SessionFetch};

use super::state::{Claim, Moment, QueuedActivity, State};

impl State {
    /// Whether a worker may have the activity as far as sessions are concerned.
    pub(super) fn lets_through(
        &self,
        id: u64,
        queued: &QueuedActivity,
        moment: &Moment<'_>,
        fetch: &ActivityFetch,
    ) -> bool {
        let Some(session) = &queued.session_id else {
            return true;
        };
        let Some(terms) = &fetch.sessions else {
            return false;
        };
        let live = self.sessions.get(session);
        let is_owned = match live.filter(|claim| claim.is_live(moment)) {
            Some(claim) => claim.owner == terms.owner_id,
            None => self.owned_by(terms, moment) < terms.max_sessions,
        };
        is_owned && !(terms.one_at_a_time && self.has_to_wait(id, session, moment, fetch))
    }

    /// How many sessions the owner owns.
    fn owned_by(&self, terms: &SessionFetch, moment: &Moment<'_>) -> usize {
        let claims = self.sessions.values();
        claims
            .filter(|claim| claim.owner == terms.owner_id && claim.is_live(moment))
            .count()
    }

    /// Whether another activity of the session runs, or was scheduled earlier. What this worker
    /// does not take holds nothing up until it runs.
    fn has_to_wait(
        &self,
        id: u64,
        session: &str,
        moment: &Moment<'_>,
        fetch: &ActivityFetch,
    ) -> bool {
        let mut others = self.activities.iter().filter(|&(&other, queued)| {
            other != id && queued.session_id.as_deref() == Some(session)
        });
        others.any(|(&other, queued)| {
            let runs = queued.lock.is_some_and(|lease| lease.is_live(moment));
            runs || (other < id && fetch.tags.matches(queued.tag.as_deref()))
        })
    }

    /// The session belongs to the worker now, and its claim lasts from now on; gives the owner.
    pub(super) fn claim(
        &mut self,
        session: String,
        moment: &Moment<'_>,
        fetch: &ActivityFetch,
    ) -> Option<String> {
        let terms = fetch.sessions.as_ref()?;
        let before = self.sessions.remove(&session);
        let before = before.filter(|claim| claim.is_live(moment));
        let until = moment.after(terms.lock_timeout);
        let claim = Claim {
            owner: terms.owner_id.clone(),
            until: before.map_or(until, |claim| claim.until.max(until)),
            lock_timeout: terms.lock_timeout,
            last_used: moment.elapsed,
        };
        self.sessions.insert(session, claim);
        Some(terms.owner_id.clone())
    }

    /// Work on an activity of a session renews the claim, if its owner has it still.
    pub(super) fn use_session(
        &mut self,
        session: Option<&String>,
        owner: Option<&String>,
        moment: &Moment<'_>,
    ) {
        let claim = session.and_then(|id| self.sessions.get_mut(id));
        let claim = claim.filter(|claim| claim.is_live(moment) && Some(&claim.owner) == owner);
        if let Some(claim) = claim {
            claim.extend(moment.after(claim.lock_timeout));
            claim.last_used = moment.elapsed;
        }
    }

    /// Ends the claims of these owners; gives how many there were.
    pub(super) fn release_sessions(&mut self, moment: &Moment<'_>, owners: &[String]) -> usize {
        let mut released = 0_usize;
        self.sessions.retain(|_, claim| {
            let is_released = owners.contains(&claim.owner);
            released = released.saturating_add(usize::from(is_released && claim.is_live(moment)));
            !is_released
        });
        released
    }

    /// Renews the claims of these owners, except on sessions that nobody uses; gives how many.
    pub(super) fn renew_sessions(
        &mut self,
        moment: &Moment<'_>,
        owners: &[String],
        lock_timeout: Duration,
        idle_timeout: Duration,
    ) -> usize {
        let mut renewed = 0_usize;
        for claim in self.sessions.values_mut() {
            let idle = moment.elapsed.saturating_sub(claim.last_used);
            if claim.is_live(moment) && owners.contains(&claim.owner) && idle < idle_timeout {
                claim.extend(moment.after(lock_timeout));
                renewed = renewed.saturating_add(1);
            }
        }
        renewed
    }
}
