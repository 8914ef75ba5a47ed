//! Runs one test: one thread, a paused clock, an end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Builder;

use crate::testing::TestEnv;

use super::clock::{Clock, Idle};

/// How a test runs. What `#[duroxide::test(..)]` takes.
///
/// ```
/// use duroxide::testing::{TestOptions, run};
///
/// let by_hand = TestOptions::default().auto_skip(false);
/// run(by_hand, |env| async move {
///     env.settle().await;
///     assert!(env.elapsed().is_zero());
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestOptions {
    /// Whether virtual time goes on by itself when nothing can go on without it. Default: yes. Else
    /// it stands still but for [`TestEnv::skip`].
    pub auto_skip: bool,
    /// Whether every turn is run a second time, from the history, and compared. Default: yes.
    pub replay_twice: bool,
}

impl Default for TestOptions {
    fn default() -> Self {
        Self {
            auto_skip: true,
            replay_twice: true,
        }
    }
}

impl TestOptions {
    /// With [`auto_skip`](Self::auto_skip) or without.
    ///
    /// An example stands at [`TestOptions`].
    #[must_use]
    pub fn auto_skip(mut self, auto_skip: bool) -> Self {
        self.auto_skip = auto_skip;
        self
    }

    /// With [`replay_twice`](Self::replay_twice) or without.
    ///
    /// ```
    /// use duroxide::testing::TestOptions;
    ///
    /// assert!(!TestOptions::default().replay_twice(false).replay_twice); // for code that is slow by itself
    /// ```
    #[must_use]
    pub fn replay_twice(mut self, replay_twice: bool) -> Self {
        self.replay_twice = replay_twice;
        self
    }
}

/// After that much virtual time without an end of the test it fails: what it waits for never comes.
const YEARS: u32 = 20;
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Runs `test` in a world of its own and gives what it gives. What `#[duroxide::test]` does.
///
/// ```
/// use std::time::Duration;
///
/// use duroxide::testing::{TestOptions, run};
///
/// run(TestOptions::default(), |env| async move {
///     env.skip(Duration::from_secs(60)).await;
///     assert_eq!(env.elapsed(), Duration::from_secs(60));
/// });
/// ```
///
/// # Panics
///
/// As the test does; if what it waits for never comes; and if something went wrong that the test did
/// not see, such as an activity that was called without a mock although that is
/// [refused](TestEnv::refuse_unmocked).
pub fn run<R, Fut: Future<Output = R>>(
    options: TestOptions,
    test: impl FnOnce(TestEnv) -> Fut,
) -> R {
    let idle = Arc::new(Idle::default());
    let told = Arc::clone(&idle);
    let built = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .on_thread_park(move || told.now())
        .build();
    let tokio = match built {
        Ok(tokio) => tokio,
        Err(error) => fail(&format!("no Tokio runtime for the test: {error}")),
    };
    tokio.block_on(async move {
        let clock = Clock::new(idle, options.auto_skip);
        // Also if the test panics: Tokio waits for blocking jobs at its end.
        let _end = End(Arc::clone(&clock));
        let env = TestEnv::new(clock, options);
        let test = pin!(test(env.clone()));
        let output = match select(test, pin!(never())).await {
            Either::Left((output, _)) => output,
            Either::Right(((), _)) => fail(&env.what_is_stuck().await),
        };
        env.end().await;
        output
    })
}

/// A test fails by a panic.
#[expect(clippy::panic, reason = "a test fails by a panic")]
#[track_caller]
pub(super) fn fail(why: &str) -> ! {
    panic!("{why}")
}

async fn never() {
    for _ in 0..YEARS {
        tokio::time::sleep(YEAR).await;
    }
}

struct End(Arc<Clock>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}
