//! Which sessions this worker owns, and how it keeps them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;

use crate::env::EnvRef;
use crate::provider::{ActivityItem, ProviderRef, SessionFetch};
use crate::runtime::backoff::part;
use crate::runtime::{RuntimeOptions, SessionOrdering};
use crate::sync::AtomicBool;

/// The claims of one worker on sessions. The store has them; here is only whether there may be any.
#[derive(Debug)]
pub(super) struct Sessions {
    owner: String,
    terms: Option<SessionFetch>,
    may_own: AtomicBool,
    claimed: Notify,
    /// Nobody has this name when this worker is gone, so nobody could use what it leaves claimed.
    is_mortal: bool,
    has_claimed: AtomicBool,
}

impl Sessions {
    pub(super) fn new(owner: String, options: &RuntimeOptions) -> Self {
        let terms = SessionFetch {
            owner_id: owner.clone(),
            lock_timeout: options.session_lock_timeout,
            max_sessions: options.max_sessions_per_runtime,
            one_at_a_time: options.session_ordering == SessionOrdering::OneAtATime,
        };
        Self {
            owner,
            terms: (options.max_sessions_per_runtime > 0).then_some(terms),
            may_own: AtomicBool::new(false),
            claimed: Notify::new(),
            is_mortal: options.worker_node_id.is_none(),
            has_claimed: AtomicBool::new(false),
        }
    }

    /// Who owns what is claimed.
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// How activities of sessions are fetched, if they are.
    pub(super) fn terms(&self) -> Option<SessionFetch> {
        self.terms.clone()
    }

    /// These were fetched: what belongs to a session is a claim.
    pub(super) fn fetched(&self, items: &[ActivityItem]) {
        let is_claim = |item: &ActivityItem| {
            let request = item.request.as_ref();
            request.is_ok_and(|request| request.session_id.is_some())
        };
        if items.iter().any(is_claim) {
            self.may_own.store(true, Ordering::SeqCst);
            self.has_claimed.store(true, Ordering::SeqCst);
            self.claimed.notify_one();
        }
    }

    /// Gives back what it owns, when its work is over. A worker whose name was chosen keeps its claims
    /// for as long as they last: it may come back, and others may share the name.
    pub(super) async fn give_back(&self, store: &ProviderRef) {
        if !self.is_mortal || !self.has_claimed.load(Ordering::SeqCst) {
            return;
        }
        let owners = [self.owner.clone()];
        if let Err(error) = store.release_sessions(&owners).await {
            // They run out by themselves.
            tracing::debug!(
                target: "duroxide::runtime::worker",
                worker_id = self.owner, %error,
                "giving back the claims on sessions failed"
            );
        }
    }

    /// Renews the claims at a third of their time, as long as there may be any, for ever.
    pub(super) async fn keep(&self, env: &EnvRef, store: &ProviderRef, idle: Duration) {
        let Some(terms) = &self.terms else { return };
        let owners = [self.owner.clone()];
        loop {
            while !self.may_own.swap(false, Ordering::SeqCst) {
                self.claimed.notified().await;
            }
            env.sleep(part(terms.lock_timeout, 3)).await;
            let renewed = store
                .renew_sessions(&owners, terms.lock_timeout, idle)
                .await;
            match renewed {
                Ok(0) => {}
                Ok(_) => self.may_own.store(true, Ordering::SeqCst),
                Err(error) => {
                    self.may_own.store(true, Ordering::SeqCst);
                    tracing::warn!(
                        target: "duroxide::runtime::worker",
                        worker_id = self.owner,
                        error = %crate::runtime::with_causes(&error),
                        "renewing the claims on sessions failed; trying again"
                    );
                }
            }
        }
    }
}
