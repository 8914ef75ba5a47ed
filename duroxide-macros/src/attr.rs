//! What stands in the parentheses: `#[orchestration(name = "..", version = "..")]`.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Lit, LitStr, Pat, Result, Token, Type};

use crate::kind::Kind;
use crate::message::{self, Errors};
use crate::names;
use crate::options::{self, CallOptions, Cancellation};
use crate::retry::{self, Retry};

/// The keys of an attribute, checked. What is wrong counts as left out.
#[derive(Default)]
pub(crate) struct Attributes {
    /// What the store knows the function by.
    pub(crate) name: Option<String>,
    /// Its version.
    pub(crate) version: Option<String>,
    /// How it is called, if it is an activity.
    pub(crate) options: CallOptions,
    /// How it is cancelled, if it is an orchestration.
    pub(crate) cancellation: Cancellation,
}

impl Attributes {
    /// The keys that are right, and what is wrong with the others.
    pub(crate) fn parse(kind: Kind, tokens: TokenStream) -> (Self, Option<Error>) {
        let mut attributes = Self::default();
        let mut errors = Errors::default();
        let entries = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let entry = Entry::parse(kind, input)?;
                errors.take(attributes.set(kind, &entry));
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let parsed = entries.parse2(tokens);
        errors.take(parsed);
        errors.take(attributes.cancellation.check());
        (attributes, errors.into_error())
    }

    fn set(&mut self, kind: Kind, entry: &Entry) -> Result<()> {
        let Entry { key, value } = entry;
        let options = &mut self.options;
        let is_new = match (key.to_string().as_str(), value) {
            ("name", Value::Text(text)) => self.name.replace(name(text)?).is_none(),
            ("version", Value::Text(text)) => self.version.replace(version(text)?).is_none(),
            ("timeout", Value::Text(text)) => {
                let limit = options::limit(key, text)?;
                options.timeout.replace(limit).is_none()
            }
            ("total_timeout", Value::Text(text)) => {
                let limit = options::limit(key, text)?;
                options.total_timeout.replace(limit).is_none()
            }
            ("tag", Value::Text(text)) => {
                let tag = options::tag(text)?;
                options.tag.replace(tag).is_none()
            }
            ("cancellation", Value::Text(text)) => {
                let was_given = std::mem::replace(&mut self.cancellation.is_cooperative, true);
                options::cooperative(text)?;
                !was_given
            }
            ("cleanup_deadline", Value::Text(text)) => {
                let stated = (options::limit(key, text)?, key.clone());
                self.cancellation.deadline.replace(stated).is_none()
            }
            (_, Value::Types(list)) => options.data.replace(list.clone()).is_none(),
            (_, Value::Retry(retry)) => options.retry.replace(retry.clone()).is_none(),
            (_, Value::Patterns(list)) => options.no_retry.replace(list.clone()).is_none(),
            (_, Value::Text(_)) => return Err(unknown_key(kind, key)),
        };
        if is_new {
            return Ok(());
        }
        let what = format!("`{key}` is given twice");
        Err(message::error(key, &what, "delete one of the two"))
    }
}

fn name(value: &LitStr) -> Result<String> {
    let text = value.value();
    names::check_name(&text).map_err(|problem| {
        message::error(
            value,
            &format!("the name `{text}` {problem}"),
            "write for instance `name = \"billing::charge_card\"`",
        )
    })?;
    Ok(text)
}

fn version(value: &LitStr) -> Result<String> {
    let text = value.value();
    if names::is_semantic_version(&text) {
        return Ok(text);
    }
    Err(message::error(
        value,
        &format!("`{text}` is not a semantic version"),
        "write three numbers: `version = \"1.2.0\"`",
    ))
}

/// `key = "value"`, `retry(..)`, `no_retry = [..]` or `data(..)`
struct Entry {
    key: Ident,
    value: Value,
}

enum Value {
    Text(LitStr),
    Retry(Retry),
    Patterns(Vec<Pat>),
    Types(Vec<Type>),
}

impl Entry {
    fn parse(kind: Kind, input: ParseStream<'_>) -> Result<Self> {
        let noun = kind.noun();
        if input.peek(LitStr) {
            let value: LitStr = input.parse()?;
            return Err(message::error(
                &value,
                "a value without its key",
                &format!("write `#[{noun}(name = {})]`", value.token()),
            ));
        }
        let key = input.call(Ident::parse_any)?.unraw();
        let Some((_, example)) = kind.keys().iter().find(|(known, _)| key == known) else {
            return Err(unknown_key(kind, &key));
        };
        let value = match key.to_string().as_str() {
            "retry" => Value::Retry(retry::retry(&key, input)?),
            "data" => Value::Types(options::data(&key, input)?),
            "no_retry" => Value::Patterns(options::no_retry(&key, input)?),
            _ => Value::Text(text(&key, example, input)?),
        };
        Ok(Self { key, value })
    }
}

fn text(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<LitStr> {
    let wrong_value = |on: &dyn quote::ToTokens| {
        message::error(
            on,
            &format!("`{key}` takes a text"),
            &format!("write `{example}`"),
        )
    };
    if input.parse::<Option<Token![=]>>()?.is_none() {
        return Err(wrong_value(key));
    }
    match input.parse::<Lit>() {
        Ok(Lit::Str(value)) => Ok(value),
        Ok(other) => Err(wrong_value(&other)),
        Err(_) => Err(wrong_value(key)),
    }
}

fn unknown_key(kind: Kind, key: &Ident) -> Error {
    let examples: Vec<_> = kind
        .keys()
        .iter()
        .map(|(_, it)| format!("`{it}`"))
        .collect();
    let known = match examples.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => examples.concat(),
    };
    message::error(
        key,
        &format!("`#[{}]` does not know `{key}`", kind.noun()),
        &format!("it knows {known}"),
    )
}
