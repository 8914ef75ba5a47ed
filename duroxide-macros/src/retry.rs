//! `retry(..)`: how often an activity is attempted, and how long the pauses are.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Lit, LitStr, Result, Token, parenthesized, token};

use crate::duration;
use crate::message::{self, Errors};
use crate::options::time;

/// `retry(max_attempts = 5, initial = "200ms", multiplier = 2.0, max_delay = "10s", jitter = 0.2)`,
/// or `retry(fixed = "1s")`, or `retry(linear = "1s", max_delay = "10s")`.
#[derive(Clone)]
pub(crate) struct Retry {
    pub(crate) max_attempts: u32,
    pub(crate) pauses: Pauses,
    pub(crate) jitter: Option<f64>,
}

/// The pauses between attempts, in milliseconds.
#[derive(Clone)]
pub(crate) enum Pauses {
    Fixed {
        delay: u64,
    },
    Linear {
        base: u64,
        max: u64,
    },
    Exponential {
        base: u64,
        multiplier: f64,
        max: u64,
    },
}

const EXAMPLES: &str = "`max_attempts = 5`, `initial = \"200ms\"`, `multiplier = 2.0`, \
                        `max_delay = \"10s\"` and `jitter = 0.2`; or `fixed = \"1s\"`, or \
                        `linear = \"1s\"`, in the place of `initial` and `multiplier`";

/// The longest pause where none is stated, as in `RetryPolicy::default`.
const LONGEST: u64 = 30_000;

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
        errors.take(settings.set(key, &value));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    let retry = errors.take(settings.finish());
    errors.finish(retry)
}

/// The settings as they are read: with the key where two of them may exclude each other.
#[derive(Default)]
struct Settings {
    max_attempts: Option<u32>,
    initial: Option<(u64, Ident)>,
    multiplier: Option<(f64, Ident)>,
    fixed: Option<(u64, Ident)>,
    linear: Option<(u64, Ident)>,
    max_delay: Option<(u64, LitStr, Ident)>,
    jitter: Option<f64>,
}

impl Settings {
    fn set(&mut self, key: Ident, value: &Lit) -> Result<()> {
        let at = key.clone();
        let is_new = match key.to_string().as_str() {
            "max_attempts" => self.max_attempts.replace(attempts(value)?).is_none(),
            "jitter" => self.jitter.replace(jitter(value)?).is_none(),
            "multiplier" => (self.multiplier)
                .replace((multiplier(value)?, key))
                .is_none(),
            "initial" => self.initial.replace((time(text(value)?)?, key)).is_none(),
            "fixed" => self.fixed.replace((time(text(value)?)?, key)).is_none(),
            "linear" => self.linear.replace((time(text(value)?)?, key)).is_none(),
            "max_delay" => {
                let text = text(value)?;
                let stated = (time(text)?, text.clone(), key);
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
        let what = format!("`{at}` is given twice");
        Err(message::error(at, &what, "delete one of the two"))
    }

    /// What is left out is as in `RetryPolicy::default`.
    fn finish(self) -> Result<Retry> {
        self.check_together()?;
        let first = [&self.linear, &self.initial].into_iter().flatten().next();
        let base = first.map_or(100, |(millis, _)| *millis);
        let max = self.longest(base)?;
        let pauses = match (self.fixed, self.linear) {
            (Some((delay, _)), _) => Pauses::Fixed { delay },
            (None, Some(_)) => Pauses::Linear { base, max },
            (None, None) => Pauses::Exponential {
                base,
                multiplier: self.multiplier.map_or(2.0, |(number, _)| number),
                max,
            },
        };
        Ok(Retry {
            max_attempts: self.max_attempts.unwrap_or(3),
            pauses,
            jitter: self.jitter,
        })
    }

    /// Whether the settings are of one kind of pauses.
    fn check_together(&self) -> Result<()> {
        let key = |setting: &Option<(u64, Ident)>| setting.as_ref().map(|it| it.1.clone());
        let multiplier = self.multiplier.as_ref().map(|it| it.1.clone());
        let growing = [key(&self.initial), multiplier];
        let (kind, mut others) = if let Some((_, fixed)) = &self.fixed {
            let max_delay = self.max_delay.as_ref().map(|it| it.2.clone());
            (fixed, vec![key(&self.linear), max_delay])
        } else if let Some((_, linear)) = &self.linear {
            (linear, Vec::new())
        } else {
            return Ok(());
        };
        others.extend(growing);
        let mut errors = Errors::default();
        for other in others.into_iter().flatten() {
            let what = format!("`{other}` does not go with `{kind}`");
            let help = "write `fixed` for pauses that are all the same, `linear` for those that grow \
                        by the same time, `initial` and `multiplier` for those that grow by a factor";
            errors.push(message::error(&other, &what, help));
        }
        errors.finish(Some(()))
    }

    fn longest(&self, base: u64) -> Result<u64> {
        match &self.max_delay {
            None => Ok(base.max(LONGEST)),
            Some((max, value, _)) if *max < base => Err(message::error(
                value,
                "`max_delay` is shorter than the first pause",
                &format!("the first pause is {base} ms: write more, or a shorter one"),
            )),
            Some((max, ..)) => Ok(*max),
        }
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
    let is_right = |number: &f64| *number >= 1.0 && number.is_finite();
    number(value).filter(is_right).ok_or_else(|| {
        message::error(
            value,
            "`multiplier` is a number that is at least 1",
            "write `multiplier = 2.0`",
        )
    })
}

fn jitter(value: &Lit) -> Result<f64> {
    let is_right = |number: &f64| (0.0..=1.0).contains(number);
    number(value).filter(is_right).ok_or_else(|| {
        message::error(
            value,
            "`jitter` is the part of a pause that chance may leave out: 0 to 1",
            "write `jitter = 0.2`",
        )
    })
}

fn number(value: &Lit) -> Option<f64> {
    match value {
        Lit::Int(number) => number.base10_parse().ok(),
        Lit::Float(number) => number.base10_parse().ok(),
        _ => None,
    }
}
