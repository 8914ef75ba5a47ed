//! Mutants as code: each behind its switch, all in one text.
//!
//! With all switches off the text does what it did before: each operand is evaluated as often, in the
//! same order, and what it needs for a moment is dropped at the same time.

mod edits;
mod operators;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::list::{Genre, Mutant};
use crate::rewrite::edits::Edits;

/// How a switch is asked. The compiler's messages are searched for it.
pub(crate) const SWITCH: &str = "crate::mutant_switch::on";

/// A source with mutants.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) fate: Fate,
}

/// What became of mutants. Those that are in neither cannot be said like this.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fate {
    /// They are in the text.
    pub(crate) done: BTreeSet<usize>,
    /// They are wrong Rust: `||` in a condition that binds with `let`.
    pub(crate) wrong: BTreeSet<usize>,
}

/// Puts mutants of one file into its text.
pub(crate) fn rewrite(text: &str, mutants: &[&Mutant]) -> Result<Rewritten, syn::Error> {
    let file = syn::parse_file(text)?;
    let mut rewriting = Rewriting::new(text, mutants);
    rewriting.bodies(mutants);
    rewriting.visit_file(&file);
    Ok(Rewritten {
        text: rewriting.edits.apply(text),
        fate: rewriting.fate,
    })
}

/// The condition for a mutant.
fn on(mutant: &Mutant) -> String {
    format!("{SWITCH}({})", mutant.id)
}

struct Rewriting<'a> {
    text: &'a str,
    at: BTreeMap<((usize, usize), Genre), Vec<&'a Mutant>>,
    edits: Edits,
    fate: Fate,
}

impl<'a> Rewriting<'a> {
    fn new(text: &'a str, mutants: &[&'a Mutant]) -> Self {
        let mut at: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for mutant in mutants {
            let place = (mutant.place, mutant.genre);
            at.entry(place).or_default().push(*mutant);
        }
        Self {
            text,
            at,
            edits: Edits::default(),
            fate: Fate::default(),
        }
    }

    /// Functions that return a value at once. Each has a line of its own, which a message can point at.
    fn bodies(&mut self, mutants: &[&Mutant]) {
        for mutant in mutants.iter().filter(|it| it.genre == Genre::Body) {
            if let Some(at) = offset(self.text, mutant.place) {
                let (on, value) = (on(mutant), &mutant.replacement);
                let text = format!("if {on} {{ return {value}; }}\n");
                self.edits.insert_first(at, &text);
                self.fate.done.insert(mutant.id);
            }
        }
    }

    /// The mutants of something that begins there.
    fn here(&self, span: Span, genre: Genre) -> Vec<&'a Mutant> {
        let start = span.start();
        let place = ((start.line, start.column + 1), genre);
        self.at.get(&place).cloned().unwrap_or_default()
    }

    fn source(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    fn mark(&mut self, mutants: &[&Mutant]) {
        self.fate
            .done
            .extend(mutants.iter().map(|mutant| mutant.id));
    }

    /// An arm that is not there, and guards that let everything or nothing pass, are guards.
    fn arm(&mut self, arm: &syn::Arm) {
        let gone = self.here(arm.span(), Genre::Arm);
        let unless_gone = gone.first().map(|it| format!("!{}", on(it)));
        let syn::Pat::Guard(guarded) = &arm.pat else {
            if let Some(guard) = unless_gone {
                let end = arm.pat.span().byte_range().end;
                self.edits.insert(end, &format!(" if {guard}"));
                self.mark(&gone);
            }
            return;
        };
        let guard = &*guarded.guard;
        let mutants = self.here(guard.span(), Genre::Guard);
        if operators::has_let(guard) || (mutants.is_empty() && gone.is_empty()) {
            return;
        }
        let with = |value| mutants.iter().find(|it| it.replacement == value);
        let unless_gone = unless_gone.map(|it| format!("{it} && "));
        let all = with("true").map(|it| format!("{} || ", on(it)));
        let none = with("false").map(|it| format!("!{} && ", on(it)));
        let [unless_gone, all, none] = [unless_gone, all, none].map(Option::unwrap_or_default);
        let before = format!("{unless_gone}({all}{none}(");
        self.edits.around(guard.span().byte_range(), &before, "))");
        self.mark(&gone);
        self.mark(&mutants);
    }

    /// A field that is not there has the value of the base.
    fn fields(&mut self, of: &syn::ExprStruct) {
        let Some(base) = &of.rest else { return };
        let base = self.source(base.span().byte_range());
        for field in &of.fields {
            let mutants = self.here(field.span(), Genre::Field);
            let (Some(mutant), syn::Member::Named(name)) = (mutants.first(), &field.member) else {
                continue;
            };
            let either = format!("if {} {{ ({base}).{name} }} else {{ ", on(mutant));
            if field.colon_token.is_some() {
                let value = field.expr.span().byte_range();
                self.edits.around(value, &either, " }");
            } else {
                let end = field.span().byte_range().end;
                self.edits.insert(end, &format!(": {either}{name} }}"));
            }
            self.mark(&mutants);
        }
    }
}

impl<'ast> Visit<'ast> for Rewriting<'_> {
    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        self.binary(expr);
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        self.unary(expr);
        visit::visit_expr_unary(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.arm(arm);
        visit::visit_arm(self, arm);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        self.fields(expr);
        visit::visit_expr_struct(self, expr);
    }
}

/// Where a line and a column are in a text, both from 1 on and in characters.
fn offset(text: &str, (line, column): (usize, usize)) -> Option<usize> {
    let before = text.split_inclusive('\n').take(line.checked_sub(1)?);
    let start: usize = before.map(str::len).sum();
    let mut characters = text.get(start..)?.char_indices();
    let (within, _) = characters.nth(column.checked_sub(1)?)?;
    Some(start + within)
}
