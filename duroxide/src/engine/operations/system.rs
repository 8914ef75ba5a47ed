//! Values that look random and are not: derived from the instance's own seed, without an event.

use uuid::Uuid;

use crate::engine::TurnHandle;

impl TurnHandle {
    /// The next 128 bits of this execution: the same on every replay, different in every other
    /// execution and instance.
    ///
    /// ```
    /// # use duroxide::engine::TurnHandle;
    /// fn idempotency_key(turn: &TurnHandle) -> String {
    ///     format!("{:032x}", turn.derive_bits())
    /// }
    /// ```
    pub fn derive_bits(&self) -> u128 {
        let mut state = self.lock();
        if planted!(FreshIds) && state.replaying {
            state.derived = state.derived.saturating_add(1_000);
        }
        let position = state.derived;
        state.derived = state.derived.saturating_add(1);
        // A published, frozen function of the seed: replays of old histories depend on it.
        let text = format!("{}/{position}", state.execution_id);
        Uuid::new_v5(&Uuid::from_u128(state.seed), text.as_bytes()).as_u128()
    }
}
