//! A store and the model, asked the same; every answer is compared.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use duroxide::history::InstanceId;
use duroxide::provider::conformance::{ALL, LONG};
use duroxide::provider::model::ModelProvider;
use duroxide::provider::{
    ActivityFetch, ActivityItem, Provider as _, ProviderError, ProviderRef, TurnFetch, TurnItem,
};
use futures::FutureExt as _;
use futures::future::join_all;

use super::calls::{Both, Call, Side, answer, is_unknown};
use super::clock::StillEnv;
use super::doubt::Doubt;
use super::script::{Asked, Names};
use super::view::{self, difference, view};
use crate::support::dice::Dice;

/// How long a call may take whose answer is there.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a step.
#[derive(Debug)]
pub(crate) enum Step {
    /// Both did the same.
    Done,
    /// The store failed; of these calls nobody knows whether they had an effect.
    Broken(Vec<Doubt>),
}

pub(crate) struct Lockstep {
    pub(crate) env: Arc<StillEnv>,
    pub(crate) model: ModelProvider,
    pub(crate) store: ProviderRef,
    pub(crate) random: Dice,
    pub(super) turns: Vec<Both<TurnItem>>,
    pub(super) activities: Vec<Both<ActivityItem>>,
    pub(super) asked: Asked,
    pub(crate) names: Names,
    pub(super) instances: Vec<InstanceId>,
    /// The newest epoch so far, and the newest of all former lives.
    pub(super) newest: u64,
    pub(super) before: u64,
    /// Whether deliveries are counted alike: a store that was opened anew may have forgotten some.
    pub(super) counts: bool,
    /// Whether the disk has failed since the store was found whole: then locks may be lost.
    pub(super) struck: Box<dyn Fn() -> bool>,
    /// What was done, for whoever reads a failure.
    pub(crate) trace: Vec<String>,
}

impl Lockstep {
    pub(crate) fn new(env: Arc<StillEnv>, store: ProviderRef, random: Dice) -> Self {
        let model = ModelProvider::new(env.clone());
        Self {
            env,
            model,
            store,
            random,
            turns: Vec::new(),
            activities: Vec::new(),
            asked: Asked::default(),
            names: Names::default(),
            instances: Vec::new(),
            newest: 0,
            before: 0,
            counts: true,
            struck: Box::new(|| false),
            trace: Vec::new(),
        }
    }

    /// Does something.
    pub(crate) async fn step(&mut self) -> Result<Step, String> {
        match self.random.below(20) {
            0..4 => self.fetch_turns().await,
            4..6 => self.fetch_activities().await,
            6 => {
                let millis = 1 + self.random.below(200);
                self.env.advance(millis);
                self.trace.push(format!("{millis} ms later"));
                Ok(Step::Done)
            }
            7 => {
                let call = self.removal();
                self.make(Vec::from_iter(call)).await
            }
            _ => {
                let calls = self.batch().await;
                self.make(calls).await
            }
        }
    }

    /// Lets all leases run out.
    pub(crate) fn expire(&mut self) {
        self.env
            .advance(u64::try_from(LONG.as_millis()).unwrap() + 1);
        self.trace.push("all leases run out".to_owned());
    }

    /// Makes calls at the same time to the store, and one after the other to the model.
    async fn make(&mut self, calls: Vec<Call>) -> Result<Step, String> {
        for call in &calls {
            self.trace.push(short(call));
        }
        let store = Arc::clone(&self.store);
        let made = calls.iter().map(|call| call.make(&*store, Side::Store));
        let results = patiently(join_all(made)).await?;
        let mut in_doubt: Vec<Doubt> = Vec::new();
        for (call, result) in calls.into_iter().zip(results) {
            if is_unknown(&result) {
                in_doubt.push((call, None));
                continue;
            }
            if matches!(result, Err(ProviderError::LockLost)) && (self.struck)() {
                // It had no effect: the locks of before the failure are lost.
                continue;
            }
            if in_doubt.is_empty() {
                self.apply(&call, Some(&result)).await?;
            } else {
                // It may have seen what one of those in doubt did.
                in_doubt.push((call, Some(result)));
            }
        }
        if in_doubt.is_empty() {
            return Ok(Step::Done);
        }
        Ok(Step::Broken(in_doubt))
    }

    /// Tells the model what the store did.
    pub(super) async fn apply(
        &mut self,
        call: &Call,
        result: Option<&Result<String, ProviderError>>,
    ) -> Result<(), String> {
        let by_model = call.make(&self.model, Side::Model).await;
        if let Some(result) = result
            && answer(result) != answer(&by_model)
        {
            return Err(format!(
                "{call:?}\n  the store: {}\n  the model: {}",
                answer(result),
                answer(&by_model)
            ));
        }
        if by_model.is_ok() {
            match call {
                Call::Commit { lock, turn, .. } => self.asked.note(&lock.store.instance, turn),
                Call::Delete(ids, _) => {
                    for id in ids {
                        self.asked.forget(id);
                        self.turns.retain(|item| item.store.lock.instance != *id);
                    }
                }
                _ => {}
            }
        }
        self.model.check_invariants()
    }

    async fn fetch_turns(&mut self) -> Result<Step, String> {
        let fetch = TurnFetch::new(ALL, LONG);
        let Some(models) = self.model.fetch_turns(fetch.clone()).now_or_never() else {
            return Ok(Step::Done);
        };
        let mut models = models.map_err(|error| error.to_string())?;
        self.trace.push(format!("fetches {} turns", models.len()));
        while !models.is_empty() {
            let fetched = match patiently(self.store.fetch_turns(fetch.clone())).await {
                // A store that waits for its disk to come back gives no work meanwhile.
                Err(_) if (self.struck)() => return Ok(Step::Broken(Vec::new())),
                fetched => fetched?,
            };
            let items = match fetched {
                Ok(items) => items,
                Err(ProviderError::Unavailable { .. } | ProviderError::Closed) => {
                    return Ok(Step::Broken(Vec::new()));
                }
                Err(other) => return Err(format!("a fetch: {other:?}")),
            };
            for store in items {
                self.check_epoch(store.lock.epoch)?;
                let same = |model: &TurnItem| model.lock.instance == store.lock.instance;
                let Some(place) = models.iter().position(same) else {
                    let epochs: Vec<_> = self
                        .turns
                        .iter()
                        .map(|held| held.store.lock.epoch)
                        .collect();
                    return Err(format!(
                        "nobody expects this turn: {}\n  under epoch {}; held are {epochs:?}",
                        view::item(&store),
                        store.lock.epoch
                    ));
                };
                let model = models.swap_remove(place);
                let (shown, expected) = (view::item(&store), view::item(&model));
                if shown != expected {
                    return Err(format!("the store: {shown}\n  the model: {expected}"));
                }
                self.check_attempts(&store, &model)?;
                self.turns.push(Both { store, model });
            }
        }
        Ok(Step::Done)
    }

    async fn fetch_activities(&mut self) -> Result<Step, String> {
        if !self.activities.is_empty() {
            // What was handed out twice before a crash comes one at a time.
            return Ok(Step::Done);
        }
        let fetch = ActivityFetch::new(ALL, LONG);
        let Some(models) = self.model.fetch_activities(fetch.clone()).now_or_never() else {
            return Ok(Step::Done);
        };
        let mut models = models.map_err(|error| error.to_string())?;
        let fetched = match patiently(self.store.fetch_activities(fetch)).await {
            Err(_) if (self.struck)() => return Ok(Step::Broken(Vec::new())),
            fetched => fetched?,
        };
        let items = match fetched {
            Ok(items) => items,
            Err(ProviderError::Unavailable { .. } | ProviderError::Closed) => {
                return Ok(Step::Broken(Vec::new()));
            }
            Err(other) => return Err(format!("a fetch: {other:?}")),
        };
        self.trace
            .push(format!("fetches {} activities", items.len()));
        if items.len() < models.len() && self.counts {
            return Err(format!("{} activities of {}", items.len(), models.len()));
        }
        for store in items {
            self.check_epoch(store.lock.epoch)?;
            let same = |model: &ActivityItem| identity(model) == identity(&store);
            let Some(place) = models.iter().position(same) else {
                return Err(format!("nobody expects this activity: {store:?}"));
            };
            let model = models.swap_remove(place);
            let shown = format!("{:?} {:?}", store.request, store.version);
            let expected = format!("{:?} {:?}", model.request, model.version);
            if shown != expected || (self.counts && store.attempt != model.attempt) {
                return Err(format!("the store: {store:?}\n  the model: {model:?}"));
            }
            self.activities.push(Both { store, model });
        }
        for model in models {
            let given_back = self
                .model
                .abandon_activity(&model.lock, Duration::ZERO, true);
            given_back.await.map_err(|error| error.to_string())?;
        }
        Ok(Step::Done)
    }

    fn check_attempts(&self, store: &TurnItem, model: &TurnItem) -> Result<(), String> {
        let attempts = |item: &TurnItem| {
            let mut all: Vec<_> = item
                .messages
                .iter()
                .map(|message| message.attempt)
                .collect();
            all.sort_unstable();
            all
        };
        if self.counts && attempts(store) != attempts(model) {
            return Err(format!(
                "attempts differ: {store:?}\n  the model: {model:?}"
            ));
        }
        Ok(())
    }

    /// I22: every grant has a larger epoch than all of former lives.
    fn check_epoch(&mut self, epoch: u64) -> Result<(), String> {
        if epoch <= self.before {
            return Err(format!("epoch {epoch} was granted in a former life"));
        }
        self.newest = self.newest.max(epoch);
        Ok(())
    }

    /// Everything that both show.
    pub(crate) async fn compare(&self) -> Result<(), String> {
        let store = view(&*self.store)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let model = view(&self.model)
            .await
            .map_err(|error| format!("{error:?}"))?;
        match difference(&store, &model) {
            Some(problem) => Err(problem),
            None => self.model.check_invariants(),
        }
    }

    /// Takes out everything that waits, and compares that too.
    pub(crate) async fn drain(&mut self) -> Result<Step, String> {
        if let broken @ Step::Broken(_) = self.fetch_turns().await? {
            return Ok(broken);
        }
        self.fetch_activities().await
    }
}

type Identity = (
    InstanceId,
    duroxide::history::ExecutionId,
    duroxide::history::EventId,
);

fn identity(item: &ActivityItem) -> Identity {
    (item.instance.clone(), item.execution_id, item.source)
}

async fn patiently<T>(call: impl Future<Output = T>) -> Result<T, String> {
    tokio::time::timeout(PATIENCE, call)
        .await
        .map_err(|_| "a call does not end: a wake-up was lost".to_owned())
}

/// A line that can be read, long texts left out.
fn short(call: &impl Debug) -> String {
    let mut line = format!("{call:?}").replace("xxxx", "").replace("xx", "");
    if let Some((end, _)) = line.char_indices().nth(400) {
        line.truncate(end);
    }
    line
}
