//! A recorder for the `metrics` facade that keeps everything in memory and shows it as a table. In
//! production an exporter stands in its place.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// All that was counted since the start of the process. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Arc<Mutex<BTreeMap<String, Arc<Row>>>>);

impl Table {
    /// The row of a metric with its labels, made if it is new.
    fn row(&self, key: &Key) -> Arc<Row> {
        let labels = key
            .labels()
            .map(|label| format!(" {}={}", label.key(), label.value()));
        let name = key.name().trim_start_matches("duroxide_").to_owned();
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rows.entry(name + &labels.collect::<String>()).or_default())
    }
}

impl Recorder for Table {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.row(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.row(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.row(key))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>8} {:>10}  metric", "count", "sum")?;
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, row) in rows.iter() {
            let row = row.0.lock().unwrap_or_else(PoisonError::into_inner);
            match row.sum {
                Some(sum) => writeln!(f, "{:>8} {sum:>10.3}  {name}", row.count)?,
                None => writeln!(f, "{:>8} {:>10}  {name}", row.count, "")?,
            }
        }
        Ok(())
    }
}

/// One metric: a counter has a count, a gauge a sum, a histogram both.
#[derive(Debug, Default)]
struct Row(Mutex<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    count: u64,
    sum: Option<f64>,
}

impl Row {
    fn change(&self, change: impl FnOnce(&mut Numbers)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl CounterFn for Row {
    fn increment(&self, value: u64) {
        self.change(|row| row.count += value);
    }

    fn absolute(&self, value: u64) {
        self.change(|row| row.count = row.count.max(value));
    }
}

impl GaugeFn for Row {
    fn increment(&self, value: f64) {
        self.change(|row| row.sum = Some(row.sum.unwrap_or_default() + value));
    }

    fn decrement(&self, value: f64) {
        GaugeFn::increment(self, -value);
    }

    fn set(&self, value: f64) {
        self.change(|row| row.sum = Some(value));
    }
}

impl HistogramFn for Row {
    fn record(&self, value: f64) {
        self.change(|row| row.count += 1);
        GaugeFn::increment(self, value);
    }
}
