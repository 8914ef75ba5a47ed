//! The payloads of events, of errors, and of what an execution hands to the next.

use crate::history::{ErrorDetails, Event, EventId, EventKind, ExecutionId, KvEntry, Start};
use crate::storage::coded::{Coder, PayloadField};

/// What belongs to the instance, not to one execution: it keeps its place when it is handed on.
const WHOLE: (Option<ExecutionId>, Option<EventId>) = (None, None);

impl Coder<'_> {
    pub(super) fn start(&self, start: &mut Start) -> Result<(), String> {
        let at = (Some(start.execution_id), None);
        self.text(&mut start.input, PayloadField::Input, at, "")?;
        self.handed_on(&mut start.carried, &mut start.custom_status, &mut start.kv)
    }

    pub(super) fn event(&self, execution: ExecutionId, event: &mut Event) -> Result<(), String> {
        use PayloadField::{Data, Input, Output};
        let here = (Some(execution), Some(event.event_id));
        match &mut event.kind {
            EventKind::OrchestrationStarted {
                input,
                carried,
                custom_status,
                kv,
                ..
            } => {
                self.text(input, Input, (Some(execution), None), "")?;
                self.handed_on(carried, custom_status, kv)
            }
            // The next execution starts with the same text.
            EventKind::OrchestrationContinuedAsNew { input, .. } => {
                self.text(input, Input, (Some(execution.next()), None), "")
            }
            EventKind::ActivityScheduled { input, .. }
            | EventKind::SubOrchestrationScheduled { input, .. }
            | EventKind::OrchestrationChained { input, .. } => self.text(input, Input, here, ""),
            // There is one end, and a status shows it without its event.
            EventKind::OrchestrationCompleted { output } => {
                self.text(output, Output, (Some(execution), None), "")
            }
            EventKind::OrchestrationFailed { details } => {
                self.error(details, (Some(execution), None))
            }
            EventKind::ActivityCompleted { result }
            | EventKind::SubOrchestrationCompleted { result } => {
                self.text(result, Output, here, "")
            }
            EventKind::ActivityFailed { details }
            | EventKind::SubOrchestrationFailed { details } => self.error(details, here),
            EventKind::ExternalEvent { name, data }
            | EventKind::QueueEventDelivered { name, data } => self.text(data, Data, here, name),
            EventKind::CustomStatusUpdated { status } => self.status(status),
            EventKind::KeyValueSet { key, value } => {
                self.text(value, PayloadField::Value, WHOLE, key)
            }
            EventKind::OrchestrationCancelRequested { .. }
            | EventKind::ActivityCancelRequested { .. }
            | EventKind::TimerCreated { .. }
            | EventKind::TimerFired { .. }
            | EventKind::TimerCancelled { .. }
            | EventKind::SubOrchestrationCancelRequested { .. }
            | EventKind::KeyValueCleared { .. }
            | EventKind::KeyValuesCleared
            | EventKind::PatchApplied { .. }
            | EventKind::ExternalSubscribed { .. }
            | EventKind::ExternalSubscribedCancelled { .. }
            | EventKind::QueueSubscribed { .. }
            | EventKind::QueueSubscriptionCancelled { .. } => Ok(()),
        }
    }

    /// Only what user code said is a payload; the rest is ours, and for operators.
    pub(super) fn error(
        &self,
        details: &mut ErrorDetails,
        at: (Option<ExecutionId>, Option<EventId>),
    ) -> Result<(), String> {
        let ErrorDetails::Application {
            message, payload, ..
        } = details
        else {
            return Ok(());
        };
        self.text(message, PayloadField::Error, at, "")?;
        match payload {
            Some(payload) => self.text(payload, PayloadField::ErrorValue, at, ""),
            None => Ok(()),
        }
    }

    pub(super) fn status(&self, status: &mut Option<String>) -> Result<(), String> {
        match status {
            Some(status) => self.text(status, PayloadField::CustomStatus, WHOLE, ""),
            None => Ok(()),
        }
    }

    pub(super) fn entry(&self, entry: &mut KvEntry) -> Result<(), String> {
        let KvEntry { key, value, .. } = entry;
        self.text(value, PayloadField::Value, WHOLE, key)
    }

    fn handed_on(
        &self,
        carried: &mut [(String, String)],
        status: &mut Option<String>,
        kv: &mut [KvEntry],
    ) -> Result<(), String> {
        for (queue, data) in carried {
            self.text(data, PayloadField::Data, WHOLE, queue)?;
        }
        self.status(status)?;
        kv.iter_mut().try_for_each(|entry| self.entry(entry))
    }
}
