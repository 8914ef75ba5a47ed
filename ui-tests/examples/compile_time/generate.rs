//! The crate that is compiled: a shop whose departments are modules, each with types, helpers, activities
//! and an orchestration or two that use them.

use std::fmt::Write as _;
use std::path::Path;

/// How many orchestrations it has.
pub(crate) const ORCHESTRATIONS: usize = 20;

/// Its manifest.
pub(crate) fn manifest(duroxide: &Path) -> String {
    format!(
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         duroxide = {{ path = '{}' }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\n[workspace]\n",
        duroxide.display()
    )
}

/// Its files.
pub(crate) fn sources() -> Vec<(String, String)> {
    let mut root = "#![allow(dead_code)]\n//! A shop.\n\n".to_owned();
    let mut files = Vec::new();
    for department in 0..ORCHESTRATIONS {
        let _ = writeln!(root, "mod department_{department};");
        files.push((format!("department_{department}.rs"), source(department)));
    }
    files.push(("lib.rs".to_owned(), root));
    files
}

/// How many types with helpers a department has.
const TYPES: usize = 6;

/// How many lines each helper works.
const STEPS: usize = 13;

fn source(department: usize) -> String {
    let mut text = HEAD.to_owned();
    for number in 0..TYPES {
        text.push_str(&kind(number));
    }
    text.push_str(&ORCHESTRATION.replace("DEPARTMENT", &department.to_string()));
    text
}

fn kind(number: usize) -> String {
    let mut steps = String::new();
    for step in 0..STEPS {
        let _ = writeln!(
            steps,
            "        if self.amounts.len() > {step} {{\n            total = total.saturating_add(self.amounts[{step}] * \
             rate);\n        }}"
        );
    }
    KIND.replace("NUMBER", &number.to_string())
        .replace("        STEPS\n", &steps)
}

const HEAD: &str = r"//! One department.

use std::collections::{BTreeMap, HashMap};

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

/// What the departments agree on.
fn rounded(cents: u64, names: &[String]) -> u64 {
    let letters = names.iter().map(String::len).sum::<usize>() as u64;
    (cents + letters) / 10 * 10
}
";

const KIND: &str = r"
/// An order of that kind.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct OrderNUMBER {
    id: u64,
    names: Vec<String>,
    amounts: Vec<u64>,
    notes: BTreeMap<String, String>,
}

impl OrderNUMBER {
    fn sum(&self, rate: u64) -> u64 {
        let mut total = 0_u64;
        STEPS
        rounded(total, &self.names)
    }

    fn longest(&self) -> Option<&str> {
        self.names
            .iter()
            .max_by_key(|it| it.len())
            .map(String::as_str)
    }

    fn by_letter(&self) -> BTreeMap<char, Vec<&str>> {
        let mut found: BTreeMap<char, Vec<&str>> = BTreeMap::new();
        for name in &self.names {
            if let Some(first) = name.chars().next() {
                found.entry(first).or_default().push(name);
            }
        }
        found
    }
}
";

const ORCHESTRATION: &str = r#"
#[activity(name = "DEPARTMENT::charge")]
async fn charge(_ctx: &ActivityContext, id: u64, cents: u64) -> Result<u64, String> {
    Ok(id + cents)
}

#[activity(name = "DEPARTMENT::ship", retry(max_attempts = 3, initial = "1s"))]
async fn ship(_ctx: &ActivityContext, order: Order0) -> Result<String, String> {
    Ok(order.names.join(", "))
}

#[deterministic]
async fn paid(ctx: &OrchestrationContext, order: &Order1, rate: u64) -> Result<u64, String> {
    let mut left = 3;
    loop {
        match charge(ctx, order.id, order.sum(rate)).await {
            Ok(cents) => return Ok(cents),
            Err(error) if left == 0 => return Err(error.to_string()),
            Err(_) => left -= 1,
        }
        ctx.schedule_timer(Duration::from_secs(60)).await;
    }
}

#[orchestration(name = "DEPARTMENT::fulfil")]
async fn fulfil(
    ctx: &OrchestrationContext,
    first: Order0,
    second: Order1,
    third: Order2,
) -> Result<Vec<String>, String> {
    let started = ctx.now();
    let rate = second.sum(3) / 2 + third.sum(4);
    let mut lines = Vec::new();
    let mut prices: HashMap<String, u64> = HashMap::new();
    for name in &first.names {
        prices.insert(name.clone(), first.sum(rate));
    }
    let all: u64 = prices.values().sum();
    if prices.contains_key("nothing") && all > 7 {
        return Err(format!("nothing is not for sale: {}", first.id));
    }
    for (letter, names) in third.by_letter() {
        lines.push(format!("{letter}: {}", names.join(" ")));
        if names.len() > 2 {
            let _ = paid(ctx, &second, rate).await?;
        }
    }
    for (name, cents) in duroxide::sorted(&prices) {
        let charged = charge(ctx, first.id, *cents).await?;
        lines.push(format!("{name}: {charged}"));
    }
    let shipped = join_all(vec![ship(ctx, first.clone()), ship(ctx, first.clone())]).await;
    for line in shipped {
        lines.push(line?);
    }
    let longest = second.longest().unwrap_or("nothing");
    trace_info!(ctx, "the longest is {longest}");
    let waits = duroxide::select! {
        _ = ctx.schedule_timer(Duration::from_secs(all)) => "late",
        _ = ctx.schedule_wait("paid") => "paid",
    };
    lines.push(waits.to_owned());
    if ctx.now() > started && lines.len() > 5 {
        return fulfil::continue_as_new(ctx, first, second, third).await;
    }
    Ok(lines)
}
"#;
