//! The checks of annotated functions. The rules, and the search for what breaks them, stand in
//! `duroxide_lint`; here is how findings reach the compiler, and what the compiler checks itself.

mod allows;
mod awaits;
mod nearby;
mod opaque;
mod probes;
mod report;

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, FnArg, Signature, Type};

use duroxide_lint::allow::{Allow, Invalid};
use duroxide_lint::body::{Site, What};
use duroxide_lint::check::{self, Finding};
use duroxide_lint::{read, rules, signature};

pub(crate) use allows::take_allows;

use awaits::Awaits;
use nearby::Nearby;
use probes::Question;

use crate::kind::Kind;
use crate::types;

/// Takes all macros apart from each other: reading other files changes what tokens are, for all
/// threads.
pub(crate) fn exclusively<T>(expand: impl FnOnce() -> T) -> T {
    static ENTERED: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _entered = ENTERED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    expand()
}

/// The body of an orchestration or of a helper, checked: what is found stands at its head.
pub(crate) fn checked(sig: &Signature, body: &Group, allows: Vec<Allow>) -> Group {
    if cfg!(duroxide_unchecked) {
        return body.clone();
    }
    checked_near(&Nearby::find(sig), sig, body, allows)
}

fn checked_near(nearby: &Nearby, sig: &Signature, body: &Group, allows: Vec<Allow>) -> Group {
    let Ok(mut block) = syn::parse2::<Block>(body.to_token_stream()) else {
        // Newer than the parser, or a mistake that the compiler reports.
        return with_head(body, &TokenStream::new(), &opaque::rewrite(body.stream()));
    };
    let whole: Vec<String> = allows
        .iter()
        .flat_map(|it| &it.ids)
        .map(ToString::to_string)
        .collect();
    let read = read::read(sig, &block, allows);
    let found = check::check(
        &read,
        nearby.surroundings().as_ref(),
        nearby.manifest(),
        &signature::context(sig),
    );
    let known = found.findings.iter().map(|it| position(&it.site)).collect();
    let invalid = read.invalid.iter().chain(&found.invalid);
    let head = report::tokens(&found.findings, invalid, nearby.tracked().as_ref());
    Awaits::new(known, whole).rewrite(sig, &mut block);
    let statements = &block.stmts;
    with_head(body, &head, &quote!(#(#statements)*))
}

/// The body of an orchestration, checked as [`checked`] does, and its parameters with it.
pub(crate) fn orchestration(sig: &Signature, body: &Group, allows: Vec<Allow>) -> Group {
    if cfg!(duroxide_unchecked) {
        return body.clone();
    }
    let nearby = Nearby::find(sig);
    let parameters = signature_of(&nearby, sig, &allows);
    let body = checked_near(&nearby, sig, body, allows);
    let mut whole = Group::new(
        body.delimiter(),
        [parameters, body.stream()].into_iter().collect(),
    );
    whole.set_span(body.span());
    whole
}

/// What is to be said about the name and the types of parameters, as statements.
fn signature_of(nearby: &Nearby, sig: &Signature, allows: &[Allow]) -> TokenStream {
    let mut found: Vec<_> = nearby
        .twin()
        .and_then(|twin| second(sig, &twin))
        .into_iter()
        .collect();
    let is_allowed = allows
        .iter()
        .flat_map(|it| &it.ids)
        .any(|id| id == "DX0106");
    if is_allowed {
        return report::tokens(&found, [].iter(), None);
    }
    let named = signature::unordered(sig).into_iter();
    let unordered = named.filter(|name| !nearby.is_own_type(&name.to_string()));
    found.extend(unordered.filter_map(|name| finding("DX0106", &format!("`{name}`"), name)));
    let errors = report::tokens(&found, [].iter(), None);
    let asked = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) if !signature::names_unordered(&typed.ty) => may_be_alias(&typed.ty)
            .then(|| probes::about_type(Question::Store, &typed.ty, typed.ty.span())),
        _ => None,
    });
    quote! { #errors #(#asked)* }
}

/// Whether another type may stand behind this one.
fn may_be_alias(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "BTreeMap",
        "BTreeSet",
        "Duration",
        "Option",
        "String",
        "SystemTime",
        "Vec",
    ];
    let Type::Path(path) = types::bare(ty) else {
        return false;
    };
    let is_named = types::context_in(ty).is_none() && types::check_stored(ty, "", "").is_ok();
    let last = path.path.segments.last().map(|last| last.ident.to_string());
    is_named
        && last.is_some_and(|name| {
            name.starts_with(|it: char| it.is_uppercase()) && !PLAIN.contains(&name.as_str())
        })
}

/// The function has the name and version of another one.
fn second(sig: &Signature, twin: &str) -> Option<Finding> {
    let mut found = finding("DX0006", &format!("`{}`", sig.ident), &sig.ident)?;
    // Behind the first line: where the other one stands.
    let end = found.text.find('\n')?;
    found.text.insert_str(end, twin);
    Some(found)
}

/// The body of an activity, with what is wrong in it at its head.
pub(crate) fn activity(sig: &Signature, body: &Group, allows: &[Allow]) -> Group {
    if cfg!(duroxide_unchecked) {
        return body.clone();
    }
    let mut head = signature_of(&Nearby::find(sig), sig, allows);
    let mut statements = body.stream();
    if let Ok(mut block) = syn::parse2::<Block>(body.to_token_stream()) {
        let read = read::read(sig, &block, Vec::new());
        let found: Vec<_> = read.sites.iter().filter_map(durable_verb).collect();
        let needless: Vec<_> = read
            .allows
            .iter()
            .flat_map(|it| &it.ids)
            .map(Invalid::needless)
            .collect();
        let invalid = read.invalid.iter().chain(&needless);
        head.extend(report::tokens(&found, invalid, None));
        if allows::take_all(&mut block) {
            let left = &block.stmts;
            statements = quote!(#(#left)*);
        }
    }
    if head.is_empty() {
        return body.clone();
    }
    let mut whole = Group::new(body.delimiter(), [head, statements].into_iter().collect());
    whole.set_span(body.span());
    whole
}

/// A durable verb asked of the context of an activity (DX0301).
fn durable_verb(site: &Site) -> Option<Finding> {
    const VERBS: &[&str] = &[
        "continue_as_new",
        "dequeue_event",
        "schedule_activity",
        "schedule_sub_orchestration",
        "schedule_timer",
        "schedule_wait",
        "sleep_until",
        "wait_for",
    ];
    let What::Method { name, receiver } = &site.what else {
        return None;
    };
    let is_activity = receiver
        .as_ref()?
        .last()
        .is_some_and(|it| it == Kind::Activity.context());
    let is_verb = VERBS.contains(&name.as_str());
    (is_activity && is_verb).then(|| finding("DX0301", &format!("`{name}`"), &site.at))?
}

fn finding(id: &str, subject: &str, at: impl ToTokens) -> Option<Finding> {
    let rule = rules::rule(id)?;
    Some(Finding {
        rule,
        level: rule.level,
        text: rule.message(subject, "ctx"),
        site: Site {
            what: What::Form(rule.id, subject.to_owned()),
            at: at.into_token_stream(),
            allows: Vec::new(),
        },
        way: Vec::new(),
    })
}

fn position(site: &Site) -> (usize, usize) {
    let first = site.at.clone().into_iter().next();
    first.map_or((0, 0), |first| place(first.span()))
}

fn place(span: Span) -> (usize, usize) {
    let start = span.start();
    (start.line, start.column)
}

fn with_head(body: &Group, head: &TokenStream, statements: &TokenStream) -> Group {
    let at = Span::mixed_site().located_at(body.span());
    let import = quote_spanned! {at=>
        #[allow(unused_imports)]
        use ::duroxide::__private::AwaitExt as _;
    };
    let mut whole = Group::new(body.delimiter(), quote!(#import #head #statements));
    whole.set_span(body.span());
    whole
}
