//! The same run again and again, each time cut at another place, and continued from the store.

use std::fmt::Debug;
use std::sync::Arc;

use super::TestEnv;
use super::cutting::Cut;
use super::run::fail;

impl TestEnv {
    /// Runs `run` once as it is, and then once more for each write of the program to its store, before
    /// it and after it: there the program dies, and a new process goes on from what is stored.
    /// Between two writes a history does not change, so this is a crash at every event. Gives what
    /// the first run gave.
    ///
    /// Each run has a world of its own, with what is registered in this one; mocks are its own affair.
    /// An activity whose result was not written yet when the program died runs again, as it does in
    /// production.
    ///
    /// ```
    /// use duroxide::prelude::*;
    /// use duroxide::testing::{TestOptions, run};
    ///
    /// #[activity]
    /// async fn add(_ctx: &ActivityContext, a: u64, b: u64) -> Result<u64, String> {
    ///     Ok(a + b)
    /// }
    ///
    /// #[orchestration]
    /// async fn sum(ctx: &OrchestrationContext, numbers: Vec<u64>) -> Result<u64, String> {
    ///     let mut sum = 0;
    ///     for number in numbers {
    ///         sum = add(ctx, sum, number).await?;
    ///     }
    ///     Ok(sum)
    /// }
    ///
    /// run(TestOptions::default(), |env| async move {
    ///     let sum = env.crash_at_every_event(|env| async move {
    ///         let handle = sum::start(&env.client(), vec![1, 2, 3]).await.unwrap();
    ///         handle.result().await.unwrap()
    ///     });
    ///     assert_eq!(sum.await, 6);
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If a run gives something else than the first one did.
    pub async fn crash_at_every_event<R, Fut>(&self, run: impl Fn(Self) -> Fut) -> R
    where
        R: PartialEq + Debug,
        Fut: Future<Output = R>,
    {
        let uncut = self.fresh();
        let expected = run(uncut.clone()).await;
        uncut.end().await;
        for at in 1..=uncut.writes().count() {
            for is_written in [false, true] {
                let env = self.fresh();
                let cut = Cut { at, is_written };
                env.die_at(cut);
                let output = run(env.clone()).await;
                env.end().await;
                if output != expected {
                    let when = if is_written { "after" } else { "before" };
                    fail(&format!(
                        "the program died {when} its write {at}, went on, and gave `{output:?}`; \
                         without the crash it gives `{expected:?}`"
                    ));
                }
            }
        }
        self.no_cut_run();
        expected
    }

    /// Lets the program die there, and starts it again.
    fn die_at(&self, cut: Cut) {
        let (env, writes) = (self.clone(), Arc::clone(self.writes()));
        writes.cut(cut);
        self.beside(async move {
            writes.died().await;
            env.crash().await;
        });
    }
}
