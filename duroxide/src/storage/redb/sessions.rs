//! Sessions of activities: who owns which, and what of them could be taken. All of it is in memory:
//! the process that holds the file is the only one, so its end ends all claims.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::provider::{SessionFetch, TagFilter};
use crate::storage::redb::shelves::{Holder, Shelf, Shelves};

/// The sessions that are owned, or that activities belong to.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_name: HashMap<String, Session>,
    by_owner: HashMap<String, BTreeSet<String>>,
    /// When claims run out, on the monotonic clock.
    due: BTreeSet<(Duration, String)>,
}

#[derive(Debug, Default)]
struct Session {
    claim: Option<Claim>,
    /// All that are not done, those that are not durable yet included, by tag. No set is empty.
    unfinished: BTreeMap<Option<String>, BTreeSet<u64>>,
    /// Under a lease that has not run out.
    running: BTreeSet<u64>,
    /// Those that could be taken, by whether they start alone, and tag.
    ready: BTreeMap<(bool, Option<String>), BTreeSet<u64>>,
    /// What of them stands on the shelves.
    shown: Vec<(Shelf, u64)>,
}

#[derive(Debug)]
struct Claim {
    owner: String,
    expires: Duration,
    lock_timeout: Duration,
    /// When an activity was last fetched, renewed or completed.
    used: Duration,
}

/// One activity, as far as its session is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) session: &'a str,
    pub(crate) sequence: u64,
    pub(crate) alone: bool,
    pub(crate) tag: Option<&'a str>,
}

impl Sessions {
    /// It belongs to its session from now on.
    pub(crate) fn add(&mut self, member: Member<'_>, shelves: &mut Shelves) {
        if !self.by_name.contains_key(member.session) {
            let session = Session::default();
            self.by_name.insert(member.session.to_owned(), session);
        }
        self.change(member.session, shelves, |session| {
            let tag = member.tag.map(str::to_owned);
            let same = session.unfinished.entry(tag).or_default();
            same.insert(member.sequence);
        });
    }

    /// It is done, or gone.
    pub(crate) fn remove(&mut self, member: Member<'_>, shelves: &mut Shelves) {
        self.change(member.session, shelves, |session| {
            let tag = member.tag.map(str::to_owned);
            if let Some(same) = session.unfinished.get_mut(&tag) {
                same.remove(&member.sequence);
                if same.is_empty() {
                    session.unfinished.remove(&tag);
                }
            }
            session.running.remove(&member.sequence);
            session.set_ready(member, false);
        });
        self.forget_empty(member.session);
    }

    /// It can be taken.
    pub(crate) fn make_ready(&mut self, member: Member<'_>, shelves: &mut Shelves) {
        self.change(member.session, shelves, |session| {
            session.running.remove(&member.sequence);
            session.set_ready(member, true);
        });
    }

    /// It cannot be taken for the moment; nobody runs it.
    pub(crate) fn put_off(&mut self, member: Member<'_>, shelves: &mut Shelves) {
        self.change(member.session, shelves, |session| {
            session.running.remove(&member.sequence);
            session.set_ready(member, false);
        });
    }

    /// It is taken, and with it the session.
    pub(crate) fn take(
        &mut self,
        member: Member<'_>,
        fetch: &SessionFetch,
        elapsed: Duration,
        shelves: &mut Shelves,
    ) {
        let expires = elapsed.saturating_add(fetch.lock_timeout);
        let Some(session) = self.by_name.get_mut(member.session) else {
            return;
        };
        let until = match &session.claim {
            Some(claim) => {
                let old = (claim.expires, member.session.to_owned());
                self.due.remove(&old);
                expires.max(claim.expires)
            }
            None => expires,
        };
        session.claim = Some(Claim {
            owner: fetch.owner_id.clone(),
            expires: until,
            lock_timeout: fetch.lock_timeout,
            used: elapsed,
        });
        self.due.insert((until, member.session.to_owned()));
        let owned = self.by_owner.entry(fetch.owner_id.clone()).or_default();
        owned.insert(member.session.to_owned());
        self.change(member.session, shelves, |session| {
            session.running.insert(member.sequence);
            session.set_ready(member, false);
        });
    }

    /// Whether a fetch that takes one at a time may take it, if nothing of the session runs: nothing
    /// that the filter lets through was scheduled before it.
    pub(crate) fn is_next(&self, session: &str, sequence: u64, tags: &TagFilter) -> bool {
        let Some(session) = self.by_name.get(session) else {
            return false;
        };
        let mut unfinished = session.unfinished.iter();
        !unfinished.any(|(tag, sequences)| {
            tags.matches(tag.as_deref()) && sequences.first().is_some_and(|first| *first < sequence)
        })
    }

    /// How many sessions somebody owns.
    pub(crate) fn owned_by(&self, owner: &str) -> usize {
        self.by_owner.get(owner).map_or(0, BTreeSet::len)
    }

    /// An activity that `owner` took was renewed or completed.
    pub(crate) fn touch(&mut self, session: &str, owner: &str, elapsed: Duration) {
        let claim = self.by_name.get_mut(session);
        let claim = claim.and_then(|session| session.claim.as_mut());
        if let Some(claim) = claim
            && claim.owner == owner
            && claim.expires > elapsed
        {
            claim.used = elapsed;
            let expires = elapsed.saturating_add(claim.lock_timeout);
            extend(&mut self.due, session, claim, expires);
        }
    }

    /// Prolongs the claims of an owner that are in use; how many.
    pub(crate) fn renew(
        &mut self,
        owner: &str,
        lock_timeout: Duration,
        idle_timeout: Duration,
        elapsed: Duration,
    ) -> usize {
        let mut renewed = 0_usize;
        for name in self.by_owner.get(owner).into_iter().flatten() {
            let session = self.by_name.get_mut(name);
            let Some(claim) = session.and_then(|session| session.claim.as_mut()) else {
                continue;
            };
            let idle = elapsed.saturating_sub(claim.used);
            if claim.expires > elapsed && idle < idle_timeout {
                let expires = elapsed.saturating_add(lock_timeout);
                extend(&mut self.due, name, claim, expires);
                renewed = renewed.saturating_add(1);
            }
        }
        renewed
    }

    /// Ends the claims of an owner; how many.
    pub(crate) fn release(&mut self, owner: &str, shelves: &mut Shelves) -> usize {
        let names = self.by_owner.get(owner).cloned().unwrap_or_default();
        for name in &names {
            let session = self.by_name.get(name);
            if let Some(claim) = session.and_then(|session| session.claim.as_ref()) {
                self.due.remove(&(claim.expires, name.clone()));
            }
            self.end_claim(name, shelves);
        }
        if !names.is_empty() {
            announce_claims(shelves);
        }
        names.len()
    }

    /// When the next claim runs out.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Ends the claims that have run out.
    pub(crate) fn promote(&mut self, elapsed: Duration, shelves: &mut Shelves) {
        let mut ended = false;
        while self.due.first().is_some_and(|(due, _)| *due <= elapsed) {
            let Some((_, name)) = self.due.pop_first() else {
                break;
            };
            self.end_claim(&name, shelves);
            ended = true;
        }
        if ended {
            announce_claims(shelves);
        }
    }

    fn end_claim(&mut self, name: &str, shelves: &mut Shelves) {
        let session = self.by_name.get_mut(name);
        let Some(claim) = session.and_then(|session| session.claim.take()) else {
            return;
        };
        if let Some(owned) = self.by_owner.get_mut(&claim.owner) {
            owned.remove(name);
            if owned.is_empty() {
                self.by_owner.remove(&claim.owner);
            }
        }
        self.change(name, shelves, |_| {});
        self.forget_empty(name);
    }

    /// Changes a session, and what of it stands on the shelves.
    fn change(&mut self, name: &str, shelves: &mut Shelves, change: impl FnOnce(&mut Session)) {
        let Some(session) = self.by_name.get_mut(name) else {
            return;
        };
        let before = session.firsts();
        change(session);
        let wanted = session.to_show();
        // What was there before may be the next one now.
        let reordered = before != session.firsts();
        for (place, sequence) in &session.shown {
            if !wanted.iter().any(|(to, of)| to == place && of == sequence) {
                shelves.remove(place, *sequence);
            }
        }
        for (place, sequence) in &wanted {
            let shown = &session.shown;
            let is_news = reordered && place.holder.is_in_order();
            if is_news || !shown.iter().any(|(to, of)| to == place && of == sequence) {
                shelves.put(place.clone(), *sequence);
            }
        }
        session.shown = wanted;
    }

    fn forget_empty(&mut self, name: &str) {
        let is_empty = |session: &Session| session.claim.is_none() && session.unfinished.is_empty();
        if self.by_name.get(name).is_some_and(is_empty) {
            self.by_name.remove(name);
        }
    }
}

impl Session {
    fn set_ready(&mut self, member: Member<'_>, ready: bool) {
        let key = (member.alone, member.tag.map(str::to_owned));
        if ready {
            self.ready.entry(key).or_default().insert(member.sequence);
        } else if let Some(sequences) = self.ready.get_mut(&key) {
            sequences.remove(&member.sequence);
            if sequences.is_empty() {
                self.ready.remove(&key);
            }
        }
    }

    /// The first of each tag that is not done.
    fn firsts(&self) -> Vec<u64> {
        let unfinished = self.unfinished.values();
        unfinished.filter_map(BTreeSet::first).copied().collect()
    }

    /// What fetches may see of it: the first that could be taken of each tag; and for those that take
    /// one at a time, if nothing of the session runs and the first of the tag is among them, that.
    fn to_show(&self) -> Vec<(Shelf, u64)> {
        let holder = |in_order| match &self.claim {
            Some(claim) => Holder::Owner {
                owner: claim.owner.clone(),
                in_order,
            },
            None => Holder::Claimant { in_order },
        };
        let mut shown = Vec::with_capacity(2);
        for ((alone, tag), sequences) in &self.ready {
            let place = |in_order| Shelf {
                alone: *alone,
                holder: holder(in_order),
                tag: tag.clone(),
            };
            if let Some(sequence) = sequences.first() {
                shown.push((place(false), *sequence));
                let all = self.unfinished.get(tag);
                let is_first = all.and_then(BTreeSet::first) == Some(sequence);
                if is_first && self.running.is_empty() {
                    shown.push((place(true), *sequence));
                }
            }
        }
        shown
    }
}

/// Whoever owned as many sessions as it may could take another one from now on.
fn announce_claims(shelves: &mut Shelves) {
    shelves.announce(|place| matches!(place.holder, Holder::Claimant { .. }));
}

fn extend(
    due: &mut BTreeSet<(Duration, String)>,
    session: &str,
    claim: &mut Claim,
    expires: Duration,
) {
    if expires > claim.expires {
        due.remove(&(claim.expires, session.to_owned()));
        claim.expires = expires;
        due.insert((expires, session.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: Member<'_> = Member {
        session: "s",
        sequence: 1,
        alone: false,
        tag: None,
    };

    fn terms() -> SessionFetch {
        SessionFetch {
            owner_id: "w".to_owned(),
            lock_timeout: Duration::from_secs(1),
            max_sessions: 1,
            one_at_a_time: true,
        }
    }

    fn is_forgotten(sessions: &Sessions) -> bool {
        sessions.by_name.is_empty() && sessions.by_owner.is_empty() && sessions.due.is_empty()
    }

    /// Sessions come and go, and memory does not keep them: in whichever order the work on one and
    /// the claim on it end.
    #[test]
    fn a_session_that_nobody_uses_is_forgotten() {
        let (mut sessions, mut shelves) = (Sessions::default(), Shelves::default());
        sessions.add(MEMBER, &mut shelves);
        sessions.make_ready(MEMBER, &mut shelves);
        sessions.remove(MEMBER, &mut shelves);
        assert!(is_forgotten(&sessions), "nobody took it: {sessions:?}");

        sessions.add(MEMBER, &mut shelves);
        sessions.make_ready(MEMBER, &mut shelves);
        sessions.take(MEMBER, &terms(), Duration::ZERO, &mut shelves);
        sessions.remove(MEMBER, &mut shelves);
        assert!(!is_forgotten(&sessions), "somebody owns it");
        sessions.promote(Duration::from_secs(1), &mut shelves);
        assert!(
            is_forgotten(&sessions),
            "the claim ended last: {sessions:?}"
        );

        sessions.add(MEMBER, &mut shelves);
        sessions.make_ready(MEMBER, &mut shelves);
        sessions.take(MEMBER, &terms(), Duration::ZERO, &mut shelves);
        assert_eq!(sessions.release("w", &mut shelves), 1);
        assert!(!is_forgotten(&sessions), "somebody works on it");
        sessions.remove(MEMBER, &mut shelves);
        assert!(is_forgotten(&sessions), "the work ended last: {sessions:?}");
    }
}
