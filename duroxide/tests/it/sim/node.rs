//! One runtime of a run, life after life.

use std::sync::Arc;
use std::time::Duration;

use duroxide::TagFilter;
use duroxide::env::EnvRef;
use duroxide::runtime::{ObservabilityConfig, Runtime, RuntimeOptions, UnregisteredBackoffConfig};

use super::env::SimEnv;
use super::executor::Group;
use super::faulty::Faulty;
use super::interpreter::{TAG, activities, orchestrations};
use super::plan::LEASE;
use super::shared::Shared;
use crate::support::dice::Dice;

/// A node that runs.
pub(crate) struct Node {
    pub(crate) group: Group,
    pub(crate) env: Arc<SimEnv>,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) line: Arc<Faulty>,
    pub(crate) is_new: bool,
}

impl Node {
    /// `takes_all`: activities with and without a tag.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        line: Arc<Faulty>,
        dice: &mut Dice,
        (group, number): (Group, usize),
        is_new: bool,
        takes_all: bool,
    ) -> Self {
        let most = if shared.faults() { shared.plan.skew } else { 0 };
        let skew = i64::try_from(dice.below(2 * most + 1)).unwrap();
        let skew = skew - i64::try_from(most).unwrap();
        let env = SimEnv::new(&shared.executor, group, skew);
        let filter = if takes_all || dice.chance(500) {
            TagFilter::default_and([TAG])
        } else {
            TagFilter::DefaultOnly
        };
        let plan = &shared.plan;
        let options = RuntimeOptions {
            turn_threads: 1,
            orchestration_concurrency: [1, 2, 16][dice.index(3)],
            worker_concurrency: [1, 2, 16][dice.index(3)],
            orchestrator_lock_timeout: LEASE,
            worker_lock_timeout: LEASE,
            session_lock_timeout: LEASE,
            session_idle_timeout: 2 * LEASE,
            max_sessions_per_runtime: usize::try_from(dice.between(1, 3)).unwrap(),
            activity_cancellation_grace_period: dice.millis(0, 2_000),
            unregistered_backoff: UnregisteredBackoffConfig {
                base_delay: Duration::from_millis(200),
                max_delay: Duration::from_secs(2),
            },
            max_attempts: plan.max_attempts,
            live_instances: plan.live_instances,
            replay_twice: plan.replay_twice,
            worker_tag_filter: filter,
            worker_node_id: dice.chance(300).then(|| format!("node-{number}")),
            observability: ObservabilityConfig {
                gauge_poll_interval: Duration::ZERO,
                ..ObservabilityConfig::default()
            },
            ..RuntimeOptions::default()
        };
        let world: EnvRef = Arc::clone(&env) as EnvRef;
        let runtime = Runtime::start_in(
            world,
            Arc::clone(&line) as Arc<_>,
            activities(&env, shared, number),
            orchestrations(is_new, plan.skew == 0),
            options,
        );
        Self {
            group,
            env,
            runtime,
            line,
            is_new,
        }
    }
}
