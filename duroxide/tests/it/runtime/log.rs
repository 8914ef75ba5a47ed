//! What the library logs, for all tests of this binary: a subscriber is one for all threads, and
//! runtimes log from threads of their own. So a test looks for its own lines.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The log of this process; kept from the first call on.
pub(crate) fn log() -> &'static Log {
    static KEPT: OnceLock<()> = OnceLock::new();
    KEPT.get_or_init(|| tracing::subscriber::set_global_default(Keeper).unwrap());
    &LOG
}

static LOG: Log = Log(Mutex::new(Vec::new()), Mutex::new(BTreeSet::new()));

/// Lines, and the fields of spans.
pub(crate) struct Log(Mutex<Vec<Line>>, Mutex<BTreeSet<String>>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    target: String,
    pub(crate) level: String,
    pub(crate) message: String,
    /// `name=value name=value`
    pub(crate) fields: String,
}

impl Log {
    pub(crate) fn lines(&self, target: &str, wanted: impl Fn(&Line) -> bool) -> Vec<Line> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = lines
            .iter()
            .filter(|line| line.target == target && wanted(line));
        mine.cloned().collect()
    }
}

impl Log {
    /// All lines, whoever wrote them, and the fields of all spans.
    pub(crate) fn everything(&self) -> Vec<Line> {
        let mut all = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let spans = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(spans.iter().map(|fields| Line {
            fields: fields.clone(),
            ..Line::default()
        }));
        all
    }

    fn keep_span(&self, line: Line) {
        let mut spans = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        spans.insert(line.fields);
    }
}

struct Keeper;

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("duroxide")
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut line = Line::default();
        attributes.record(&mut line);
        LOG.keep_span(line);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut line = Line::default();
        values.record(&mut line);
        LOG.keep_span(line);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let target = event.metadata().target().to_owned();
        let mut line = Line {
            target,
            level: event.metadata().level().to_string(),
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
