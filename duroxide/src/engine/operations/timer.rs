//! Durable timers: due a while after the message under way was consumed.

use std::panic::Location;
use std::time::Duration;

use crate::engine::TurnHandle;
use crate::history::{EventId, EventKind};
use crate::time::Timestamp;

impl TurnHandle {
    /// Asks for a timer that is due after `delay`. `None` once the execution has ended.
    pub fn create_timer(&self, delay: Duration, at: &'static Location<'static>) -> Option<EventId> {
        self.create_timer_at(self.now().saturating_add(delay), at)
    }

    /// Asks for a timer that ends, too, when the calls of the code end as cancelled. `None` once the
    /// execution has ended.
    ///
    /// ```
    /// use std::panic::Location;
    /// use std::time::Duration;
    ///
    /// use duroxide::engine::TurnHandle;
    /// use duroxide::history::EventId;
    ///
    /// /// The pause between two attempts of a call.
    /// fn pause(turn: &TurnHandle) -> Option<EventId> {
    ///     let fire_at = turn.now().saturating_add(Duration::from_secs(5));
    ///     turn.create_pause(fire_at, Location::caller())
    /// }
    /// ```
    pub fn create_pause(
        &self,
        fire_at: Timestamp,
        at: &'static Location<'static>,
    ) -> Option<EventId> {
        let id = self.create_timer_at(fire_at, at)?;
        if let Some(operation) = self.lock().open.get_mut(&id) {
            operation.is_pause = true;
        }
        Some(id)
    }

    /// Asks for a timer that is due at `fire_at`. `None` once the execution has ended.
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use duroxide::engine::TurnHandle;
    /// use duroxide::history::EventId;
    /// use duroxide::time::Timestamp;
    ///
    /// fn new_year(turn: &TurnHandle) -> Option<EventId> {
    ///     turn.create_timer_at(Timestamp::from_millis(1_893_456_000_000), Location::caller())
    /// }
    /// ```
    pub fn create_timer_at(
        &self,
        fire_at: Timestamp,
        at: &'static Location<'static>,
    ) -> Option<EventId> {
        self.ask(EventKind::TimerCreated { fire_at }, at)
    }
}
