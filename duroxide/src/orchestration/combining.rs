//! The combinators as methods, as the dynamic layer writes them. They are the functions of the same
//! names, and need no context.

use crate::orchestration::join::{Join2, Join3, JoinAll};
use crate::orchestration::select::{Select2, Select3};
use crate::orchestration::{OrchestrationContext, join_all, join2, join3, select2, select3};

impl OrchestrationContext {
    /// Waits for all; the outputs come in the order of the futures. See [`join_all`].
    ///
    /// ```
    /// # use duroxide::OrchestrationContext;
    /// async fn greet_all(ctx: OrchestrationContext, names: String) -> Result<String, String> {
    ///     let calls = names.split(',').map(|name| ctx.schedule_activity("greet", name)).collect();
    ///     let greetings: Result<Vec<String>, String> = ctx.join(calls).await.into_iter().collect();
    ///     Ok(greetings?.join(" "))
    /// }
    /// ```
    pub fn join<T, F: Future<Output = T>>(&self, futures: Vec<F>) -> JoinAll<F> {
        join_all(futures)
    }

    /// Waits for both. See [`join2`].
    pub fn join2<T1, T2, F1, F2>(&self, f1: F1, f2: F2) -> Join2<F1, F2>
    where
        F1: Future<Output = T1>,
        F2: Future<Output = T2>,
    {
        join2(f1, f2)
    }

    /// Waits for all three. See [`join3`].
    pub fn join3<T1, T2, T3, F1, F2, F3>(&self, f1: F1, f2: F2, f3: F3) -> Join3<F1, F2, F3>
    where
        F1: Future<Output = T1>,
        F2: Future<Output = T2>,
        F3: Future<Output = T3>,
    {
        join3(f1, f2, f3)
    }

    /// Waits for the first of two; a tie goes to the first argument. The other is dropped, and what
    /// it asked for is cancelled. See [`select2`].
    ///
    /// ```
    /// # use duroxide::{Either2, OrchestrationContext};
    /// # use std::time::Duration;
    /// async fn in_time(ctx: OrchestrationContext, input: String) -> Result<String, String> {
    ///     let work = ctx.schedule_activity("work", input);
    ///     let too_late = ctx.schedule_timer(Duration::from_secs(60));
    ///     match ctx.select2(work, too_late).await {
    ///         Either2::First(done) => done,
    ///         Either2::Second(()) => Err("too late".to_owned()),
    ///     }
    /// }
    /// ```
    pub fn select2<T1, T2, F1, F2>(&self, f1: F1, f2: F2) -> Select2<F1, F2>
    where
        F1: Future<Output = T1>,
        F2: Future<Output = T2>,
    {
        select2(f1, f2)
    }

    /// Waits for the first of three. See [`select3`].
    pub fn select3<T1, T2, T3, F1, F2, F3>(&self, f1: F1, f2: F2, f3: F3) -> Select3<F1, F2, F3>
    where
        F1: Future<Output = T1>,
        F2: Future<Output = T2>,
        F3: Future<Output = T3>,
    {
        select3(f1, f2, f3)
    }
}
