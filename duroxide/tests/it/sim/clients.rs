//! Those who start instances, tell them what they wait for, cancel some, and wait for their end.

use std::sync::Arc;
use std::time::Duration;

use duroxide::env::{Env as _, EnvRef};
use duroxide::history::{InstanceId, Message};
use duroxide::provider::Provider as _;
use duroxide::{Client, ClientError};

use super::checked::Checked;
use super::env::SimEnv;
use super::executor::Group;
use super::faulty::Faulty;
use super::interpreter::NAME;
use super::plan::Store;
use super::program::{Input, Program};
use super::shared::Shared;
use crate::support::dice::Dice;

/// Clients are never killed: what they know is true.
pub(crate) const CLIENTS: Group = Group(1);

/// How long a patient waiter waits at once.
const PATIENT: Duration = Duration::from_secs(900);
/// And how long after the end it may come back, if nothing goes wrong on the way to it.
const PROMPT: Duration = Duration::from_secs(1);

/// The clients of one instance.
struct Clients {
    shared: Arc<Shared>,
    env: Arc<SimEnv>,
    line: Arc<Faulty>,
    client: Client,
    /// Without a line that may be bad.
    store: Arc<Checked>,
    id: InstanceId,
}

/// Lets the clients of one instance begin.
pub(crate) fn spawn(
    shared: &Arc<Shared>,
    (store, line): (&Arc<Checked>, Arc<Faulty>),
    dice: &mut Dice,
    id: &InstanceId,
    program: &Program,
) {
    let env = SimEnv::new(&shared.executor, CLIENTS, 0);
    let world: EnvRef = Arc::clone(&env) as EnvRef;
    let client = Client::with_env(Arc::clone(&line) as Arc<_>, world);
    let clients = Arc::new(Clients {
        shared: Arc::clone(shared),
        env,
        line,
        client,
        store: Arc::clone(store),
        id: id.clone(),
    });
    let mut dice = dice.fork();
    let program = program.clone();
    let work = async move {
        clients.sleep(dice.millis(0, 3_000)).await;
        clients.start(&program, dice.chance(150)).await;
        for (queue, count) in program.queues() {
            clients.spawn(|its| its.fill(queue, count, dice.fork()));
        }
        for event in program.events() {
            clients.spawn(|its| its.raise(event, dice.fork()));
        }
        if program.may_be_cancelled {
            clients.spawn(|its| its.cancel(dice.fork()));
        }
        clients.spawn(Clients::wait_patiently);
        clients.watch().await;
    };
    shared.executor.spawn(CLIENTS, Box::pin(work));
}

impl Clients {
    fn spawn<F>(self: &Arc<Self>, task: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = task(Arc::clone(self));
        self.shared.executor.spawn(CLIENTS, Box::pin(task));
    }

    async fn sleep(&self, pause: Duration) {
        self.env.sleep(pause).await;
    }

    /// Until it is acknowledged: the same start again is the same instance.
    async fn start(&self, program: &Program, is_old: bool) {
        let input = Input::first(program.clone()).to_text();
        loop {
            let (id, input) = (self.id.as_str(), input.clone());
            let started = if is_old {
                let client = &self.client;
                client
                    .start_orchestration_versioned(id, NAME, "1.0.0", input)
                    .await
            } else {
                self.client.start_orchestration(id, NAME, input).await
            };
            match started {
                Ok(()) => return,
                Err(ClientError::Provider { .. }) => self.shared.saw("a start was given up"),
                Err(error) => return self.shared.broken(format!("a start: {error}")),
            }
        }
    }

    /// One message behind the other, each until it is acknowledged.
    async fn fill(self: Arc<Self>, queue: String, count: u32, mut dice: Dice) {
        for number in 0..count {
            self.sleep(dice.millis(0, 2_500)).await;
            let message = Message::QueueEvent {
                queue: queue.clone(),
                data: number.to_string(),
            };
            self.send(dice.wide(), message).await;
        }
    }

    async fn send(&self, number: u128, message: Message) {
        while self
            .line
            .enqueue(&self.id, number, message.clone())
            .await
            .is_err()
        {
            self.sleep(Duration::from_millis(200)).await;
        }
    }

    /// Again and again: one that comes before anybody waits for it reaches nobody.
    async fn raise(self: Arc<Self>, name: String, mut dice: Dice) {
        let mut number = 0_u64;
        while !self.has_ended().await {
            number += 1;
            let message = Message::ExternalEvent {
                name: name.clone(),
                data: format!("{name} {number}"),
            };
            self.send(dice.wide(), message).await;
            // Less and less often: an instance may wait for something else for hours.
            let most = 4_000 * number.pow(2).min(1_000);
            self.sleep(dice.millis(200, most)).await;
        }
    }

    async fn cancel(self: Arc<Self>, mut dice: Dice) {
        if dice.chance(700) {
            self.sleep(dice.millis(0, 8_000)).await;
            let message = Message::CancelRequested {
                reason: "a client wants it".to_owned(),
                terminate: dice.chance(300),
            };
            self.send(dice.wide(), message).await;
            self.shared.saw("an instance was cancelled");
        }
    }

    async fn has_ended(&self) -> bool {
        let status = self.client.get_orchestration_status(self.id.as_str()).await;
        status.is_ok_and(|status| status.is_terminal())
    }

    /// Waits for the end, which then stays.
    async fn watch(&self) {
        let wait = Duration::from_secs(7);
        let ended = loop {
            match self
                .client
                .wait_for_orchestration(self.id.as_str(), wait)
                .await
            {
                Ok(status) => break status,
                Err(ClientError::Timeout | ClientError::Provider { .. }) => {}
                Err(error) => return self.shared.broken(format!("waiting: {error}")),
            }
        };
        if !ended.is_terminal() {
            self.shared
                .broken(format!("I7: a wait ended with {ended:?}"));
        }
    }

    /// I7: a wait ends when the instance does, and not only because somebody asks again.
    async fn wait_patiently(self: Arc<Self>) {
        let store = Arc::clone(&self.store) as Arc<_>;
        let client = Client::with_env(store, Arc::clone(&self.env) as EnvRef);
        loop {
            let asked = self.env.elapsed();
            let waited = client.wait_for_orchestration(self.id.as_str(), PATIENT);
            let waited = waited.await;
            let now = self.env.elapsed();
            let ended = self.store.ended_at(&self.id);
            let since = ended.map(|ended| now.saturating_sub(ended.max(asked)));
            // A store that failed in between makes everybody ask again.
            let is_exact = self.shared.struck_at() < asked;
            let late = since.filter(|late| *late > PROMPT && is_exact);
            if let Some(late) = late {
                let id = &self.id;
                return self
                    .shared
                    .broken(format!("I7: a wait for `{id}` ended {late:?} late"));
            }
            match waited {
                Ok(_) => return self.shared.saw("a patient wait ended"),
                Err(ClientError::Timeout) => {}
                // Only the embedded store fails by itself.
                Err(ClientError::Provider { .. }) if self.shared.plan.store == Store::Redb => {
                    self.sleep(Duration::from_millis(100)).await;
                }
                Err(error) => return self.shared.broken(format!("waiting: {error}")),
            }
        }
    }
}
