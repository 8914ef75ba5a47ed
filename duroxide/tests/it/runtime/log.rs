//! What the library logs, for all tests of this binary: a subscriber is one for all threads, and
//! runtimes log from threads of their own. So a test looks for its own lines.

use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The log of this process; kept from the first call on.
pub(super) fn log() -> &'static Log {
    static KEPT: OnceLock<()> = OnceLock::new();
    KEPT.get_or_init(|| tracing::subscriber::set_global_default(Keeper).unwrap());
    &LOG
}

static LOG: Log = Log(Mutex::new(Vec::new()));

pub(super) struct Log(Mutex<Vec<Line>>);

#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    target: String,
    pub(super) message: String,
    /// `name=value name=value`
    pub(super) fields: String,
}

impl Log {
    pub(super) fn lines(&self, target: &str, wanted: impl Fn(&Line) -> bool) -> Vec<Line> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = lines
            .iter()
            .filter(|line| line.target == target && wanted(line));
        mine.cloned().collect()
    }
}

impl Log {
    /// All lines, whoever wrote them.
    pub(super) fn everything(&self) -> Vec<Line> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

struct Keeper;

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("duroxide")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let target = event.metadata().target().to_owned();
        let mut line = Line {
            target,
            ..Line::default()
        };
        event.record(&mut line);
        LOG.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            write!(self.fields, "{}={value:?} ", field.name()).unwrap();
        }
    }
}
