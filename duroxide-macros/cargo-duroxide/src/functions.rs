//! The functions of a crate that have to be deterministic, each checked with its surroundings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use duroxide_lint::allow::Allow;
use duroxide_lint::body::Body;
use duroxide_lint::check::{self, Surroundings};
use duroxide_lint::index::annotated;
use duroxide_lint::index::krate::Crate;
use duroxide_lint::rules::{Level, rule};
use duroxide_lint::{read, signature};
use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ExprClosure, ImplItemFn, ItemFn, ItemImpl, Meta, Pat, Signature,
    parse_quote,
};

use crate::report::{Hop, Report};
use crate::stretch::Stretch;
use crate::vouched::{self, Vouched};

/// What is found in the functions of the crate.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) reports: Vec<Report>,
    /// What was looked at.
    pub(crate) stretches: Vec<Stretch>,
    /// What somebody takes as durable there.
    pub(crate) vouched: Vec<Vouched>,
}

/// Looks at the functions of the crate.
pub(crate) fn check(krate: &Crate) -> Checked {
    let places = annotated::modules(krate);
    let files: BTreeSet<_> = places.into_iter().map(|place| place.file).collect();
    let mut checked = Checked::default();
    for file in &files {
        check_file(krate, file, &mut checked);
    }
    checked.reports.extend(twins(krate));
    checked
}

fn check_file(krate: &Crate, path: &Path, checked: &mut Checked) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let Ok(file) = syn::parse_file(&text) else {
        return;
    };
    let mut search = Search {
        krate,
        path,
        self_type: None,
        checked,
    };
    search.visit_file(&file);
}

struct Search<'a> {
    krate: &'a Crate,
    path: &'a Path,
    self_type: Option<String>,
    checked: &'a mut Checked,
}

impl Search<'_> {
    fn function(&mut self, attributes: &[Attribute], sig: &Signature, block: &Block) {
        let Some(attribute) = attributes.iter().find(|it| is_checked(it)) else {
            return;
        };
        let body = read::read(sig, block, allows_of(attribute));
        self.body(
            &body,
            sig,
            (sig.span().start().line, block.span().end().line),
        );
    }

    fn body(&mut self, body: &Body, sig: &Signature, lines: (usize, usize)) {
        let Some(place) = self.krate.place_of(self.path) else {
            return;
        };
        let place = place.at_line(sig.ident.span().start().line);
        let around = Surroundings {
            krate: self.krate,
            place: &place,
            self_type: self.self_type.as_deref(),
            only_text: true,
        };
        let context = signature::context(sig);
        let checked = check::check(body, Some(&around), self.krate.manifest(), &context);
        let stretches = Stretch::of(body, &around, lines, &context);
        self.checked.stretches.extend(stretches);
        self.checked.vouched.extend(vouched::of(body, self.path));
        for found in checked.findings {
            let file = self.path.to_owned();
            let mut report =
                Report::new(found.rule.id, found.level, &found.text, file).at(&found.site.at);
            report.way = found.way.into_iter().map(Hop::from).collect();
            self.checked.reports.push(report);
        }
        for invalid in body.invalid.iter().chain(&checked.invalid) {
            let text = format!("{}\n= help: {}", invalid.what, invalid.help);
            let report = Report::new("DX0007", Level::Error, &text, self.path.to_owned());
            self.checked.reports.push(report.at(&invalid.at));
        }
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_fn(&mut self, it: &'ast ItemFn) {
        self.function(&it.attrs, &it.sig, &it.block);
        visit::visit_item_fn(self, it);
    }

    fn visit_item_impl(&mut self, it: &'ast ItemImpl) {
        let before = self.self_type.take();
        if let syn::Type::Path(path) = &*it.self_ty {
            self.self_type = path.path.segments.last().map(|last| last.ident.to_string());
        }
        visit::visit_item_impl(self, it);
        self.self_type = before;
    }

    fn visit_impl_item_fn(&mut self, it: &'ast ImplItemFn) {
        self.function(&it.attrs, &it.sig, &it.block);
        visit::visit_impl_item_fn(self, it);
    }

    /// A closure of the dynamic layer, known by its context.
    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        if let Some(Pat::Type(first)) = it.inputs.first()
            && let syn::Type::Path(ty) = &*first.ty
            && (ty.path.segments.last()).is_some_and(|last| last.ident == "OrchestrationContext")
        {
            let name = syn::Ident::new("closure", first.span());
            let sig: Signature = parse_quote!(fn #name(#first));
            let block: Block = match &*it.body {
                Expr::Block(body) => body.block.clone(),
                Expr::Async(body) => body.block.clone(),
                other => parse_quote!({ #other }),
            };
            let body = read::read(&sig, &block, Vec::new());
            let lines = (it.span().start().line, it.span().end().line);
            self.body(&body, &sig, lines);
        }
        visit::visit_expr_closure(self, it);
    }
}

fn is_checked(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "orchestration" || last.ident == "deterministic")
}

/// `allow(..)` among the keys of an attribute.
fn allows_of(attribute: &Attribute) -> Vec<Allow> {
    let Meta::List(list) = &attribute.meta else {
        return Vec::new();
    };
    let mut allows = Vec::new();
    let mut tokens = list.tokens.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Ident(word) if word == "allow")
            && let Some(TokenTree::Group(group)) = tokens.peek()
        {
            // What is wrong with it, the compiler says.
            allows.extend(Allow::parse(&group.stream(), &TokenStream::from(token)));
        }
    }
    allows
}

/// Functions that the store could not tell apart.
fn twins(krate: &Crate) -> Vec<Report> {
    let Some(rule) = rule("DX0006") else {
        return Vec::new();
    };
    let annotated = annotated::all(krate);
    let twin = |it: &annotated::Annotated| {
        let twin = annotated::earlier_twin(krate, &it.function, &it.place)?;
        let text = rule.message(&format!("`{}`", it.function.name), "ctx");
        let mut report = Report::new(rule.id, rule.level, &text, it.place.file.clone());
        report.line = it.function.line;
        report.way.push(Hop {
            what: format!("`{}`", twin.function.name),
            file: twin.place.file,
            line: twin.function.line,
        });
        Some(report)
    };
    let stored = annotated.iter().filter(|it| {
        let annotation = it.function.annotation.as_ref();
        let is_own_file = !it
            .place
            .file
            .components()
            .any(|part| part == Component::ParentDir);
        is_own_file && annotation.is_some_and(|it| it.kind != "deterministic")
    });
    stored.filter_map(twin).collect()
}
