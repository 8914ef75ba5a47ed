//! One process for each measurement, so that none has the memory or the warm caches of another.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::setup::Switch;
use crate::workloads::{Case, Limit, Workload};
use crate::{Args, Outcome};

/// Makes all measurements that were asked for, and prints a line for each.
pub(crate) fn all(args: &Args) -> Outcome<()> {
    for _ in 0..args.runs {
        let mut round = Round {
            args,
            limits: BTreeMap::new(),
        };
        for workload in round.workloads() {
            for size in round.sizes(workload) {
                round.measure(workload, size)?;
            }
        }
    }
    Ok(())
}

/// One run of each. Limits are measured anew in each, just before the first workload that is
/// compared with them.
struct Round<'a> {
    args: &'a Args,
    limits: BTreeMap<(Workload, u64), serde_json::Value>,
}

impl Round<'_> {
    fn workloads(&self) -> Vec<Workload> {
        let mut workloads = Vec::new();
        for workload in &self.args.workloads {
            match workload.with_those_in_it() {
                Some(several) => {
                    let has_file = self.args.setup.has_file();
                    let runs_here = |it: &&Workload| has_file || !it.needs_file();
                    workloads.extend(several.iter().filter(runs_here));
                }
                None => workloads.push(*workload),
            }
        }
        workloads
    }

    fn sizes(&self, workload: Workload) -> Vec<u64> {
        if self.args.sizes.is_empty() {
            workload.sizes().to_vec()
        } else {
            self.args.sizes.clone()
        }
    }

    #[expect(clippy::print_stdout, reason = "the result")]
    fn measure(&mut self, workload: Workload, size: u64) -> Outcome<()> {
        let limit = match (self.args.limits, workload.limit(size)) {
            (Switch::On, Some(limit)) => Some(self.limit(limit)?),
            (Switch::On, None) | (Switch::Off, _) => None,
        };
        let line = match self.limits.get(&(workload, size)) {
            // It was measured for others, and printed then.
            Some(_) => return Ok(()),
            None => self.child(workload, size, limit)?,
        };
        println!("{line}");
        if workload.is_limit() {
            let parsed = serde_json::from_str(&line)?;
            self.limits.insert((workload, size), parsed);
        }
        Ok(())
    }

    fn limit(&mut self, limit: Limit) -> Outcome<f64> {
        self.measure(limit.workload, limit.size)?;
        let line = self.limits.get(&(limit.workload, limit.size));
        let figure = line.and_then(|line| line.get(limit.figure)?.as_f64());
        figure.ok_or_else(|| format!("the limit has no `{}`", limit.figure).into())
    }

    fn child(&self, workload: Workload, size: u64, limit: Option<f64>) -> Outcome<String> {
        let case = Case {
            workload,
            size,
            seconds: self.args.seconds,
            limit,
            setup: self.args.setup.clone(),
        };
        let output = Command::new(std::env::current_exe()?)
            .args(case.to_args())
            .arg("--alone")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            let name = workload.name();
            return Err(format!("`{name}` of size {size}: {}", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }
}
