//! A worker that stood still and comes back: what it does to the outside can be told from what its
//! successor does. At least once means that both may have run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use duroxide::provider::{ActivityFetch, ProviderRef};
use duroxide::{
    ActivityContext, ActivityRegistry, BackoffStrategy, OrchestrationContext, RetryPolicy,
    RuntimeOptions,
};

use crate::runtime::world::{Program, World, completed, program, stores};

/// What a system outside knows: the newest number under each key, and what it took under which.
#[derive(Debug, Default)]
struct Outside {
    newest: BTreeMap<String, u64>,
    taken: Vec<(String, u64)>,
}

impl Outside {
    /// Refuses a latecomer; what is known under its key already is not done again.
    fn write(&mut self, key: &str, epoch: u64) -> Result<(), String> {
        let newest = self.newest.entry(key.to_owned()).or_default();
        if epoch < *newest {
            return Err(format!("{epoch} is older than {newest}"));
        }
        *newest = epoch;
        if self.taken.iter().all(|(known, _)| known != key) {
            self.taken.push((key.to_owned(), epoch));
        }
        Ok(())
    }
}

/// `main` calls `pay`, which writes outside and fails in its first two attempts.
fn paying(outside: &Arc<Mutex<Outside>>, told: &Arc<Mutex<Vec<(String, u64)>>>) -> Program {
    let (outside, told) = (Arc::clone(outside), Arc::clone(told));
    let activities = ActivityRegistry::builder().register("pay", move |ctx: ActivityContext, _| {
        let (key, epoch) = (ctx.idempotency_key(), ctx.epoch());
        told.lock().unwrap().push((key.clone(), epoch));
        let written = outside.lock().unwrap().write(&key, epoch);
        async move {
            written?;
            match ctx.attempt() {
                1 | 2 => Err("the line went dead".to_owned()),
                _ => Ok(key),
            }
        }
    });
    Program {
        activities: activities.build(),
        ..program(|ctx: OrchestrationContext, _| async move {
            let policy = RetryPolicy::new(3).with_backoff(BackoffStrategy::None);
            ctx.schedule_activity_with_retry("pay", "", policy).await
        })
    }
}

/// The first delivery goes to somebody who stands still; his lease ends, and a runtime takes over. When
/// he goes on, his number is too small for the outside.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_has_one_key_and_each_delivery_a_larger_number() {
    for store in stores() {
        let (outside, told) = (Arc::default(), Arc::default());
        let program = paying(&outside, &told);
        let only_turns = RuntimeOptions {
            worker_concurrency: 0,
            ..RuntimeOptions::default()
        };
        let world = World::start(ProviderRef::clone(&store), &program, only_turns).await;
        world
            .client
            .start_orchestration("a", "main", "")
            .await
            .unwrap();
        let lease = Duration::from_millis(50);
        let fetched = store.fetch_activities(ActivityFetch::new(1, lease)).await;
        let zombie = fetched.unwrap().remove(0);
        let key = format!("a/1/{}", zombie.source);
        world.stop().await;

        let world = World::start(
            ProviderRef::clone(&store),
            &program,
            RuntimeOptions::default(),
        );
        let world = world.await;
        assert_eq!(completed(world.end("a").await), key);
        world.stop().await;

        let told: Vec<(String, u64)> = told.lock().unwrap().clone();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|(known, _)| *known == key), "{told:?}");
        let epochs: Vec<u64> = told.iter().map(|(_, epoch)| *epoch).collect();
        let before = [zombie.lock.epoch].into_iter().chain(epochs.clone());
        assert!(before.zip(&epochs).all(|(before, next)| before < *next));
        // He goes on where he stood, and does no harm: not outside, and not in the store.
        {
            let mut outside = outside.lock().unwrap();
            assert_eq!(outside.taken, [(key.clone(), epochs[0])]);
            assert!(outside.write(&key, zombie.lock.epoch).is_err());
        }
        let late = store.complete_activity(&zombie.lock, Ok("late".to_owned()));
        assert!(late.await.is_err());
    }
}
