//! Calls of a store whose outcome is unknown are made again.

use std::time::Duration;

use crate::client::Client;
use crate::provider::ProviderError;

/// So often a call that got no answer is made, with twice the pause each time.
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// What a call gave in the end.
#[derive(Debug)]
pub(super) struct Answered<T> {
    pub(super) answer: T,
    /// Whether an attempt before it got no answer, and may have had its effect.
    pub(super) is_repeated: bool,
}

impl Client {
    /// Makes a call that may be made again until it is answered, some times.
    pub(super) async fn persist<T, F, Fut>(&self, call: F) -> Result<Answered<T>, ProviderError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, ProviderError>>,
    {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            match call().await {
                Ok(answer) => {
                    return Ok(Answered {
                        answer,
                        is_repeated: attempt > 1,
                    });
                }
                Err(error) if error.is_retryable() && attempt < ATTEMPTS => {
                    self.env.sleep(pause).await;
                    pause = pause.saturating_mul(2);
                    attempt = attempt.saturating_add(1);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
