//! Lines of JSON as tables for `docs/performance.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use crate::Outcome;
use crate::targets::{TARGETS, Target};

/// All runs of one workload and size: every figure of every run.
#[derive(Debug)]
struct Row {
    workload: String,
    size: u64,
    runs: usize,
    figures: BTreeMap<String, Vec<f64>>,
}

/// Two tables: the figures of every workload, and the targets with what was reached. Where there are
/// several runs, both have the medians.
pub(crate) fn markdown(lines: &str) -> Outcome<String> {
    let rows = rows(lines)?;
    Ok(format!("{}\n{}", figures(&rows)?, targets(&rows)?))
}

fn rows(lines: &str) -> Outcome<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        let line: BTreeMap<String, Value> = serde_json::from_str(line)?;
        let workload = line.get("workload").and_then(Value::as_str);
        let size = line.get("size").and_then(Value::as_u64);
        let (workload, size) = workload
            .zip(size)
            .ok_or("a line without workload and size")?;
        let is_of = |row: &&mut Row| row.workload == workload && row.size == size;
        if let Some(row) = rows.iter_mut().find(is_of) {
            row.add(&line);
            continue;
        }
        let mut row = Row {
            workload: workload.to_owned(),
            size,
            runs: 0,
            figures: BTreeMap::new(),
        };
        row.add(&line);
        rows.push(row);
    }
    Ok(rows)
}

/// The columns that every line has.
const COLUMNS: [(&str, &str); 11] = [
    ("seconds", "s"),
    ("steps_per_second", "steps/s"),
    ("p50_ms", "p50 ms"),
    ("p99_ms", "p99 ms"),
    ("max_ms", "max ms"),
    ("store_operations_per_second", "store operations/s"),
    ("of_limit", "of the limit"),
    ("fsyncs_per_step", "fsyncs per step"),
    ("bytes_written_per_step", "bytes per step"),
    ("file_mib", "file MiB"),
    ("peak_rss_mib", "peak RSS MiB"),
];
/// What is no figure of its own, or stands in a column of its own.
const NOT_OTHERS: [&str; 4] = ["size", "steps", "fsyncs", "limit"];

fn figures(rows: &[Row]) -> Outcome<String> {
    let mut table = "| workload | size | runs |".to_owned();
    for (_name, head) in COLUMNS {
        write!(table, " {head} |")?;
    }
    writeln!(table, " others |")?;
    writeln!(table, "|---|---|---|{}---|", "---|".repeat(COLUMNS.len()))?;
    for row in rows {
        write!(
            table,
            "| `{}` | {} | {} |",
            row.workload, row.size, row.runs
        )?;
        for (name, _head) in COLUMNS {
            write!(
                table,
                " {} |",
                row.median(name).map_or_else(String::new, shown)
            )?;
        }
        let is_other = |name: &&String| {
            let is_column = COLUMNS.iter().any(|(column, _head)| column == name);
            !is_column && !NOT_OTHERS.contains(&name.as_str())
        };
        let others = row.figures.keys().filter(is_other).filter_map(|name| {
            let value = shown(row.median(name)?);
            Some(format!("{name} {value}"))
        });
        writeln!(table, " {} |", others.collect::<Vec<_>>().join(", "))?;
    }
    Ok(table)
}

fn targets(rows: &[Row]) -> Outcome<String> {
    let mut table = "| workload | size | figure | target | measured | |\n".to_owned();
    writeln!(table, "|---|---|---|---|---|---|")?;
    for target in TARGETS {
        let is_of = |row: &&Row| row.workload == target.workload && row.size == target.size;
        let measured = rows.iter().find(is_of);
        let measured = measured.and_then(|row| row.median(target.figure));
        let Target {
            workload,
            size,
            figure,
            bound,
        } = target;
        let verdict = match measured {
            Some(measured) if bound.holds(measured) => "reached",
            Some(_) => "**missed**",
            None => "not measured",
        };
        let measured = measured.map_or_else(String::new, shown);
        writeln!(
            table,
            "| `{workload}` | {size} | {figure} | {bound} | {measured} | {verdict} |"
        )?;
    }
    Ok(table)
}

impl Row {
    fn add(&mut self, line: &BTreeMap<String, Value>) {
        self.runs += 1;
        for (name, value) in line {
            if let Some(value) = value.as_f64() {
                self.figures.entry(name.clone()).or_default().push(value);
            }
        }
    }

    fn median(&self, name: &str) -> Option<f64> {
        let mut values = self.figures.get(name)?.clone();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}

/// As many digits as say something.
fn shown(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 => 0,
        medium if medium >= 10.0 => 1,
        _small => 3,
    };
    format!("{value:.digits$}")
}
