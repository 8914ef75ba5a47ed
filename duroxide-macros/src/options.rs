//! What an attribute says beyond names: of an activity about its calls, of an orchestration about its
//! cancellation.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{LitStr, Pat, Result, Token, Type, bracketed, parenthesized, token};

use crate::duration;
use crate::message::{self, Errors, shown};
use crate::retry::Retry;

/// How a call is made that says nothing else. Times are in milliseconds.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<u64>,
    pub(crate) total_timeout: Option<u64>,
    pub(crate) retry: Option<Retry>,
    /// The errors that are final.
    pub(crate) no_retry: Option<Vec<Pat>>,
    /// Which workers run it.
    pub(crate) tag: Option<String>,
    /// The application data that it needs.
    pub(crate) data: Option<Vec<Type>>,
}

/// How an orchestration is cancelled.
#[derive(Clone, Default)]
pub(crate) struct Cancellation {
    pub(crate) is_cooperative: bool,
    /// In milliseconds, with its key.
    pub(crate) deadline: Option<(u64, Ident)>,
}

/// How long code may clean up that does not say how long, in milliseconds: as in the engine.
const CLEANUP: u64 = 60_000;
/// The most bytes of a tag.
const LONGEST_TAG: usize = 256;

impl Cancellation {
    /// Whether the keys go together.
    ///
    /// # Errors
    ///
    /// A deadline for what does not clean up.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.deadline {
            Some((_, key)) if !self.is_cooperative => Err(message::error(
                key,
                "`cleanup_deadline` is for code that sees its cancellation",
                "add `cancellation = \"cooperative\"`; the deadline of a saga is `saga.deadline(..)`",
            )),
            _ => Ok(()),
        }
    }

    /// For how many milliseconds it may clean up, if it cooperates.
    pub(crate) fn cooperates_for(&self) -> Option<u64> {
        let stated = self.deadline.as_ref().map(|(millis, _)| *millis);
        self.is_cooperative.then(|| stated.unwrap_or(CLEANUP))
    }
}

/// A limit of time, behind its key: more than nothing.
pub(crate) fn limit(key: &Ident, value: &LitStr) -> Result<u64> {
    match time(value)? {
        0 => Err(message::error(
            value,
            &format!("`{key}` of nothing leaves no time to run"),
            &if key == "cleanup_deadline" {
                "delete it for 60 seconds".to_owned()
            } else {
                format!("delete `{key}` if there is no limit")
            },
        )),
        millis => Ok(millis),
    }
}

pub(crate) fn time(value: &LitStr) -> Result<u64> {
    let text = value.value();
    duration::millis(&text).map_err(|problem| {
        message::error(
            value,
            &format!("the time `{text}` {problem}"),
            duration::HELP,
        )
    })
}

/// What stands behind `no_retry`: patterns of the error's type.
pub(crate) fn no_retry(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Pat>> {
    let help = "write the errors that are final: `no_retry = [PaymentError::Declined]`";
    let has_list = input.parse::<Option<Token![=]>>()?.is_some() && input.peek(token::Bracket);
    if !has_list {
        return Err(message::error(key, "`no_retry` takes a list", help));
    }
    let content;
    bracketed!(content in input);
    let patterns = Punctuated::<Pat, Token![,]>::parse_terminated_with(&content, Pat::parse_multi)?;
    let mut errors = Errors::default();
    for pattern in &patterns {
        if fits_everything(pattern) {
            let what = format!("`{}` fits every error", shown(pattern));
            errors.push(message::error(pattern, &what, help));
        }
    }
    errors.finish(Some(patterns.into_iter().collect()))
}

/// A name in lower case is a new variable.
fn fits_everything(pattern: &Pat) -> bool {
    match pattern {
        Pat::Wild(_) => true,
        Pat::Ident(name) => {
            let text = name.ident.unraw().to_string();
            name.subpat.is_none() && text.starts_with(|c: char| c.is_lowercase() || c == '_')
        }
        _ => false,
    }
}

/// What stands behind `data`: types.
pub(crate) fn data(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Type>> {
    let help = "write the types that the runtime is given with `.data(..)`: `data(HttpClient)`";
    if !input.peek(token::Paren) {
        let what = "`data` takes types in parentheses";
        return Err(message::error(key, what, help));
    }
    let content;
    parenthesized!(content in input);
    let types = Punctuated::<Type, Token![,]>::parse_terminated(&content)?;
    if types.is_empty() {
        return Err(message::error(key, "`data` names no type", help));
    }
    let mut errors = Errors::default();
    for ty in &types {
        if let Type::Reference(reference) = ty {
            let what = format!("`{}` is borrowed, and the runtime owns its data", shown(ty));
            let help = format!("write `{}`", shown(&reference.elem));
            errors.push(message::error(ty, &what, &help));
        }
    }
    errors.finish(Some(types.into_iter().collect()))
}

/// What stands behind `tag`.
pub(crate) fn tag(value: &LitStr) -> Result<String> {
    let tag = value.value();
    if (1..=LONGEST_TAG).contains(&tag.len()) {
        return Ok(tag);
    }
    let what = format!("a tag has 1 to {LONGEST_TAG} bytes");
    let help = "write for instance `tag = \"payments\"`, or delete it";
    Err(message::error(value, &what, help))
}

/// What stands behind `cancellation`.
pub(crate) fn cooperative(value: &LitStr) -> Result<()> {
    if value.value() == "cooperative" {
        return Ok(());
    }
    let what = format!("`{}` is no way to be cancelled", value.value());
    let help = "write `cancellation = \"cooperative\"`; without it the instance ends at once";
    Err(message::error(value, &what, help))
}
