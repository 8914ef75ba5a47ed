//! The lines of code that have to be deterministic: bodies that were checked, and the helpers they
//! reach. What somebody else finds there by types becomes a finding of ours.

use std::path::{Path, PathBuf};

use duroxide_lint::body::{Body, Site};
use duroxide_lint::check::{self, Surroundings};
use duroxide_lint::index::chain::{self, Chain, Reached};
use duroxide_lint::index::manifest::Manifest;
use duroxide_lint::rules::{Level, Rule, rule};

use crate::report::{Hop, Report};

/// Some lines of a file.
pub(crate) struct Stretch {
    file: PathBuf,
    lines: (usize, usize),
    /// The rules that are allowed, each from a line to a line.
    allowed: Vec<(String, usize, usize)>,
    /// The lines and columns of walks whose order nobody sees.
    order_free: Vec<(usize, usize)>,
    manifest: Manifest,
    /// The name of the context parameter.
    context: String,
    /// What leads to a helper.
    call: Option<Call>,
}

/// A call in a checked body.
struct Call {
    at: Report,
    shown: String,
    hops: Vec<chain::Hop>,
}

/// What somebody found.
pub(crate) struct Found {
    /// The rule that it breaks.
    pub(crate) rule: &'static Rule,
    /// What it is, between backticks.
    pub(crate) subject: String,
    /// The file.
    pub(crate) file: PathBuf,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column, from 1.
    pub(crate) column: usize,
    /// How many characters are meant.
    pub(crate) length: usize,
}

impl Stretch {
    /// The body, and the helpers that it reaches.
    pub(crate) fn of(
        body: &Body,
        around: &Surroundings<'_>,
        lines: (usize, usize),
        context: &str,
    ) -> Vec<Self> {
        let file = &around.place.file;
        let manifest = around.krate.manifest();
        let mut stretches = vec![Self {
            file: file.clone(),
            lines,
            allowed: allowed(body, lines),
            order_free: body.order_free.clone(),
            manifest: manifest.clone(),
            context: context.to_owned(),
            call: None,
        }];
        let helpers = check::reached(body, around).into_iter();
        stretches.extend(helpers.map(
            |(
                site,
                Reached {
                    function,
                    place,
                    hops,
                },
            )| Self {
                file: place.file,
                lines: function.lines,
                allowed: allowed_at(body, &site, function.lines),
                order_free: function.order_free().to_vec(),
                manifest: manifest.clone(),
                context: context.to_owned(),
                call: Some(call(&site, file, hops)),
            },
        ));
        stretches
    }

    /// The finding, if it lies here and nobody vouches for it.
    pub(crate) fn report(&self, found: &Found) -> Option<Report> {
        let (first, last) = self.lines;
        let is_here = found.file == self.file && (first..=last).contains(&found.line);
        let is_free =
            found.rule.id == "DX0105" && self.order_free.contains(&(found.line, found.column));
        let is_allowed = self
            .allowed
            .iter()
            .any(|(id, first, last)| id == found.rule.id && (*first..=*last).contains(&found.line));
        if !is_here || is_free || is_allowed {
            return None;
        }
        match &self.call {
            None => self.own(found),
            Some(call) => self.reached(found, call),
        }
    }

    fn own(&self, found: &Found) -> Option<Report> {
        let level = self.manifest.level(found.rule)?;
        let text = found.rule.message(&found.subject, &self.context);
        let mut report = Report::new(found.rule.id, level, &text, found.file.clone());
        (report.line, report.column, report.length) = (found.line, found.column, found.length);
        Some(report)
    }

    fn reached(&self, found: &Found, call: &Call) -> Option<Report> {
        let rule = rule("DX0401").filter(|_| found.rule.level == Level::Error)?;
        let level = self.manifest.level(rule)?;
        let last = chain::Hop {
            what: found.subject.clone(),
            file: found.file.clone(),
            line: found.line,
        };
        let chain = Chain {
            rule: found.rule,
            what: found.subject.clone(),
            hops: call.hops.iter().cloned().chain([last]).collect(),
        };
        let text = check::chain_text(rule, &chain, &call.shown, &self.context);
        let mut report = Report::new(rule.id, level, &text, call.at.file.clone());
        (report.line, report.column, report.length) =
            (call.at.line, call.at.column, call.at.length);
        report.way = chain.hops.into_iter().map(Hop::from).collect();
        Some(report)
    }
}

fn call(site: &Site, file: &Path, hops: Vec<chain::Hop>) -> Call {
    let shown = site.what.called().unwrap_or_default();
    Call {
        at: Report::new("DX0401", Level::Error, "", file.to_owned()).at(&site.at),
        shown: chain::shown(&shown),
        hops,
    }
}

/// What the allowances of a body cover.
fn allowed(body: &Body, (first, last): (usize, usize)) -> Vec<(String, usize, usize)> {
    let mut allowed = Vec::new();
    for (index, allow) in body.allows.iter().enumerate() {
        let node = body.covered.iter().find(|(it, ..)| *it == index);
        let (first, last) = node.map_or((first, last), |(_, first, last)| (*first, *last));
        let ids = allow.ids.iter().map(ToString::to_string);
        allowed.extend(ids.map(|id| (id, first, last)));
    }
    allowed
}

/// What is allowed for a whole helper, where it is called.
fn allowed_at(
    body: &Body,
    site: &Site,
    (first, last): (usize, usize),
) -> Vec<(String, usize, usize)> {
    let allows = site.allows.iter().filter_map(|it| body.allows.get(*it));
    let ids: Vec<_> = allows
        .flat_map(|it| &it.ids)
        .map(ToString::to_string)
        .collect();
    if ids.iter().any(|id| id == "DX0401") {
        // All that is reached.
        let rules = duroxide_lint::table::RULES.iter();
        return rules.map(|it| (it.id.to_owned(), first, last)).collect();
    }
    ids.into_iter().map(|id| (id, first, last)).collect()
}
