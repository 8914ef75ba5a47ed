//! Lines to rows.

use std::collections::HashMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row(pub(super) Vec<String>);

impl FromStr for Row {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let cells: Vec<_> = line.split(',').map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().all(String::is_empty) {
            return Err(format!("no cells in {line:?}"));
        }
        Ok(Self(cells))
    }
}

pub(super) fn parse(text: &str, columns: &[String]) -> (Vec<Row>, Vec<String>) {
    let mut rows = Vec::new();
    let mut refused = Vec::new();
    let positions: HashMap<_, _> = columns.iter().zip(0_usize..).collect();
    for line in text.lines() {
        match line.parse::<Row>() {
            Ok(row) if row.0.len() >= positions.len() => rows.push(row),
            Ok(row) => refused.push(row.0.join(",")),
            Err(error) => refused.push(error),
        }
    }
    (rows, refused)
}
