//! What the attribute of an activity says about its calls: `timeout`, `total_timeout`, `retry(..)`
//! and `no_retry = [..]`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Lit, LitStr, Pat, Result, Token, bracketed, parenthesized, token};

use crate::duration;
use crate::message::{self, Errors};

/// How a call is made that says nothing else. Times are in milliseconds.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<u64>,
    pub(crate) total_timeout: Option<u64>,
    pub(crate) retry: Option<Retry>,
    /// The errors that are final.
    pub(crate) no_retry: Option<Vec<Pat>>,
}

/// `retry(max_attempts = 5, initial = "200ms", multiplier = 2.0, max_delay = "10s")`
#[derive(Clone)]
pub(crate) struct Retry {
    pub(crate) max_attempts: u32,
    pub(crate) initial: u64,
    pub(crate) multiplier: f64,
    pub(crate) max_delay: u64,
}

const EXAMPLES: &str = "`max_attempts = 5`, `initial = \"200ms\"`, `multiplier = 2.0` and \
                        `max_delay = \"10s\"`";

/// A limit of time, behind its key: more than nothing.
pub(crate) fn limit(key: &Ident, value: &LitStr) -> Result<u64> {
    match time(value)? {
        0 => Err(message::error(
            value,
            &format!("`{key}` of nothing leaves no time to run"),
            &format!("delete `{key}` if there is no limit"),
        )),
        millis => Ok(millis),
    }
}

fn time(value: &LitStr) -> Result<u64> {
    let text = value.value();
    duration::millis(&text).map_err(|problem| {
        message::error(
            value,
            &format!("the time `{text}` {problem}"),
            duration::HELP,
        )
    })
}

/// What stands behind `retry`.
pub(crate) fn retry(key: &Ident, input: ParseStream<'_>) -> Result<Retry> {
    if !input.peek(token::Paren) {
        return Err(message::error(
            key,
            "`retry` takes its settings in parentheses",
            "write `retry(max_attempts = 5)`",
        ));
    }
    let content;
    parenthesized!(content in input);
    let mut settings = Settings::default();
    let mut errors = Errors::default();
    while !content.is_empty() {
        let key = content.call(Ident::parse_any)?.unraw();
        let value = match content.parse::<Option<Token![=]>>()? {
            Some(_) => content.parse::<Lit>().ok(),
            None => None,
        };
        let Some(value) = value else {
            let known = format!("`retry` takes {EXAMPLES}");
            return Err(message::error(
                &key,
                &format!("`{key}` has no value"),
                &known,
            ));
        };
        errors.take(settings.set(&key, &value));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    let retry = errors.take(settings.finish());
    errors.finish(retry)
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
            let what = format!("`{}` fits every error", message::shown(pattern));
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

/// The settings as they are read.
#[derive(Default)]
struct Settings {
    max_attempts: Option<u32>,
    initial: Option<u64>,
    multiplier: Option<f64>,
    max_delay: Option<(u64, LitStr)>,
}

impl Settings {
    fn set(&mut self, key: &Ident, value: &Lit) -> Result<()> {
        let is_new = match key.to_string().as_str() {
            "max_attempts" => self.max_attempts.replace(attempts(value)?).is_none(),
            "multiplier" => self.multiplier.replace(multiplier(value)?).is_none(),
            "initial" => self.initial.replace(time(text(value)?)?).is_none(),
            "max_delay" => {
                let text = text(value)?;
                let stated = (time(text)?, text.clone());
                self.max_delay.replace(stated).is_none()
            }
            _ => {
                let what = format!("`retry` does not know `{key}`");
                return Err(message::error(key, &what, &format!("it knows {EXAMPLES}")));
            }
        };
        if is_new {
            return Ok(());
        }
        let what = format!("`{key}` is given twice");
        Err(message::error(key, &what, "delete one of the two"))
    }

    /// What is left out is as in `RetryPolicy::default`.
    fn finish(self) -> Result<Retry> {
        let initial = self.initial.unwrap_or(100);
        if let Some((max_delay, value)) = &self.max_delay
            && *max_delay < initial
        {
            return Err(message::error(
                value,
                "`max_delay` is shorter than the first pause",
                &format!("the first pause is {initial} ms: write more, or a shorter `initial`"),
            ));
        }
        Ok(Retry {
            max_attempts: self.max_attempts.unwrap_or(3),
            initial,
            multiplier: self.multiplier.unwrap_or(2.0),
            max_delay: self
                .max_delay
                .map_or(initial.max(30_000), |(millis, _)| millis),
        })
    }
}

fn text(value: &Lit) -> Result<&LitStr> {
    match value {
        Lit::Str(text) => Ok(text),
        other => Err(message::error(other, "a time is a text", duration::HELP)),
    }
}

fn attempts(value: &Lit) -> Result<u32> {
    let number = match value {
        Lit::Int(number) => number.base10_parse().ok(),
        _ => None,
    };
    number.filter(|&attempts| attempts > 0).ok_or_else(|| {
        message::error(
            value,
            "`max_attempts` is a whole number and counts the first attempt",
            "write `max_attempts = 5`, or `max_attempts = 1` for no retries",
        )
    })
}

fn multiplier(value: &Lit) -> Result<f64> {
    let number: Option<f64> = match value {
        Lit::Int(number) => number.base10_parse().ok(),
        Lit::Float(number) => number.base10_parse().ok(),
        _ => None,
    };
    let is_right = |number: &f64| *number >= 1.0 && number.is_finite();
    number.filter(is_right).ok_or_else(|| {
        message::error(
            value,
            "`multiplier` is a number that is at least 1",
            "write `multiplier = 2.0`",
        )
    })
}
