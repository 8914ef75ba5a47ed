//! What happens exactly at the end of a time, and a millisecond before it: the same in the model and
//! in the embedded store, on a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::Env as _;
use duroxide::history::{EventId, ExecutionId, InstanceId, Message};
use duroxide::provider::conformance::{ALL, Turn, first_start};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{
    ActivityFetch, ActivityItem, ProviderError, ProviderRef, SessionFetch, TurnFetch, TurnItem,
};
use duroxide::storage::redb::RedbProvider;

use super::clock::StillEnv;
use super::lives::alone;

/// How long everything lasts.
const LASTS: u64 = 1_000;
const LEASE: Duration = Duration::from_millis(LASTS);
const LONG: Duration = Duration::from_secs(3_600);

struct Store {
    env: Arc<StillEnv>,
    provider: ProviderRef,
}

/// The same story on each store.
fn on_each<F: Future<Output = ()>>(story: impl Fn(Store) -> F) {
    let env = Arc::new(StillEnv::new());
    let provider = Arc::new(ModelProvider::new(env.clone()));
    alone(story(Store { env, provider }));
    let env = Arc::new(StillEnv::new());
    let options = RedbProvider::options().env(env.clone());
    let provider = Arc::new(options.in_memory().unwrap());
    alone(story(Store { env, provider }));
}

fn id(id: &str) -> InstanceId {
    InstanceId::new(id).unwrap()
}

fn terms(owner: &str) -> SessionFetch {
    SessionFetch {
        owner_id: owner.to_owned(),
        lock_timeout: LEASE,
        max_sessions: 1,
        one_at_a_time: false,
    }
}

impl Store {
    async fn turn(&self, lease: Duration) -> TurnItem {
        let turns = self.provider.fetch_turns(TurnFetch::new(1, lease)).await;
        turns.unwrap().remove(0)
    }

    async fn start(&self, name: &str) {
        let start = first_start("orders", "");
        self.provider.start(&id(name), start).await.unwrap();
    }

    /// A new instance that has made its first turn.
    async fn begin(&self, name: &str, script: impl FnOnce(Turn) -> Turn) {
        self.start(name).await;
        let item = self.turn(LONG).await;
        let turn = script(Turn::of(&item)).commit;
        self.provider.commit_turn(&item.lock, turn).await.unwrap();
    }

    /// An activity of the session `name`, which `owner` claims for as long as everything lasts.
    async fn claimed(&self, name: &str, owner: &str) -> ActivityItem {
        self.begin(name, |turn| turn.schedule_in(name, "charge"))
            .await;
        let fetch = ActivityFetch::new(1, LONG).sessions(terms(owner));
        let items = self.provider.fetch_activities(fetch).await;
        items.unwrap().remove(0)
    }

    /// The same in a session that is there already.
    async fn claimed_too(&self, session: &str, owner: &str) -> ActivityItem {
        self.begin("another", |turn| turn.schedule_in(session, "charge"))
            .await;
        let fetch = ActivityFetch::new(1, LONG).sessions(terms(owner));
        let items = self.provider.fetch_activities(fetch).await;
        items.unwrap().remove(0)
    }

    async fn renew(&self, owner: &str, idle: Duration) -> usize {
        let owners = [owner.to_owned()];
        let renewed = self.provider.renew_sessions(&owners, LEASE, idle);
        renewed.await.unwrap()
    }
}

#[test]
fn a_lock_of_a_turn_is_renewed_until_its_end_and_not_at_it() {
    on_each(async |store| {
        store.start("a").await;
        let item = store.turn(LEASE).await;
        store.env.advance(LASTS - 1);
        let renewed = store.provider.renew_turn(&item.lock, LEASE).await;
        assert_eq!(renewed.err().map(|error| error.to_string()), None);
        store.env.advance(LASTS);
        let renewed = store.provider.renew_turn(&item.lock, LEASE).await;
        assert!(matches!(renewed, Err(ProviderError::LockLost)));
        // It is there for others at that moment.
        assert_eq!(store.turn(LEASE).await.lock.instance, id("a"));
    });
}

#[test]
fn a_lock_of_an_activity_is_renewed_until_its_end_and_not_at_it() {
    on_each(async |store| {
        store.begin("a", |turn| turn.schedule("charge", "")).await;
        let fetch = ActivityFetch::new(1, LEASE);
        let items = store.provider.fetch_activities(fetch.clone()).await;
        let lock = items.unwrap().remove(0).lock;
        store.env.advance(LASTS - 1);
        store.provider.renew_activity(&lock, LEASE).await.unwrap();
        store.env.advance(LASTS);
        let renewed = store.provider.renew_activity(&lock, LEASE).await;
        assert!(matches!(renewed, Err(ProviderError::LockLost)));
        let items = store.provider.fetch_activities(fetch).await.unwrap();
        assert_eq!(items[0].attempt, 2);
    });
}

#[test]
fn a_claim_is_renewed_until_its_end_and_not_at_it() {
    on_each(async |store| {
        store.claimed("s", "w").await;
        store.env.advance(LASTS - 1);
        assert_eq!(store.renew("w", LONG).await, 1);
        store.env.advance(LASTS);
        assert_eq!(store.renew("w", LONG).await, 0);
    });
}

#[test]
fn a_claim_is_given_back_until_its_end_and_not_at_it() {
    on_each(async |store| {
        let owner = ["w".to_owned()];
        store.claimed("s", "w").await;
        store.env.advance(LASTS - 1);
        let released = store.provider.release_sessions(&owner).await;
        assert_eq!(released.unwrap(), 1);
        store.claimed("t", "w").await;
        store.env.advance(LASTS);
        let released = store.provider.release_sessions(&owner).await;
        assert_eq!(released.unwrap(), 0);
    });
}

/// One session is all that each may have: there is room for the next when the claim on it has ended.
#[test]
fn a_claim_counts_until_its_end() {
    on_each(async |store| {
        store.claimed("s", "w").await;
        store.env.advance(LASTS);
        store.claimed("t", "w").await;
    });
}

/// Whoever did nothing for just that long is idle.
#[test]
fn a_claim_is_idle_at_the_end_of_its_time() {
    on_each(async |store| {
        store.claimed("s", "w").await;
        store.env.advance(LASTS / 2);
        let idle = Duration::from_millis(LASTS / 2);
        assert_eq!(store.renew("w", idle).await, 0);
        assert_eq!(store.renew("w", idle + Duration::from_millis(1)).await, 1);
    });
}

/// Work on an activity prolongs the claim of whoever has it, as long as he does.
#[test]
fn work_renews_a_claim_until_its_end_and_not_at_it() {
    on_each(async |store| {
        let item = store.claimed("s", "w").await;
        store.env.advance(LASTS - 1);
        store
            .provider
            .renew_activity(&item.lock, LONG)
            .await
            .unwrap();
        store.env.advance(LASTS - 1);
        assert_eq!(
            store.renew("w", LONG).await,
            1,
            "it lasts anew from then on"
        );
        store.env.advance(LASTS);
        store
            .provider
            .renew_activity(&item.lock, LONG)
            .await
            .unwrap();
        assert_eq!(store.renew("w", LONG).await, 0, "what has ended is over");
    });
}

/// So does its end; and what others do is nothing to the claim.
#[test]
fn a_completion_renews_the_claim_of_its_own_worker_alone() {
    on_each(async |store| {
        let old = store.claimed("s", "w").await;
        store.env.advance(LASTS);
        // The claim has ended, the lock of the activity has not: another one claims the session.
        store.claimed_too("s", "v").await;
        store.env.advance(LASTS - 1);
        let done = store
            .provider
            .complete_activity(&old.lock, Ok(String::new()));
        done.await.unwrap();
        store.env.advance(1);
        assert_eq!(store.renew("v", LONG).await, 0);
        assert_eq!(store.renew("w", LONG).await, 0);
    });
}

#[test]
fn a_completion_renews_a_claim() {
    on_each(async |store| {
        let item = store.claimed("s", "w").await;
        store.env.advance(LASTS - 1);
        let done = store
            .provider
            .complete_activity(&item.lock, Ok(String::new()));
        done.await.unwrap();
        store.env.advance(LASTS - 1);
        assert_eq!(store.renew("w", LONG).await, 1);
    });
}

#[test]
fn what_was_put_off_is_there_at_its_moment() {
    on_each(async |store| {
        store.start("a").await;
        let item = store.turn(LONG).await;
        let given_back = store.provider.abandon_turn(&item.lock, LEASE, false);
        given_back.await.unwrap();
        store.env.advance(LASTS);
        assert_eq!(store.turn(LONG).await.messages[0].attempt, 2);
    });
}

#[test]
fn a_timer_fires_at_its_moment() {
    on_each(async |store| {
        let due = store.env.now().saturating_add(LEASE);
        store.begin("a", |turn| turn.timer(due)).await;
        store.env.advance(LASTS);
        let item = store.turn(LONG).await;
        let fired = item.messages[0].message.as_ref().unwrap();
        assert!(matches!(fired, Message::TimerFired { fire_at, .. } if *fire_at == due));
    });
}

/// Executions that ended before a moment are pruned, not one that ended at it.
#[test]
fn an_execution_that_ended_at_the_limit_is_kept() {
    on_each(async |store| {
        store.begin("a", |turn| turn.continue_as_new("")).await;
        let (a, first, none) = (id("a"), ExecutionId::FIRST, EventId::NONE);
        let read = store.provider.read(&a, first, none, ALL);
        let ended = read.await.unwrap().events.last().unwrap().timestamp;
        let admin = store.provider.admin().unwrap();
        let pruned = admin.prune(&id("a"), None, Some(ended)).await.unwrap();
        assert_eq!(pruned.executions, 0);
        let later = ended.saturating_add(Duration::from_millis(1));
        let pruned = admin.prune(&id("a"), None, Some(later)).await.unwrap();
        assert_eq!(pruned.executions, 1);
    });
}
