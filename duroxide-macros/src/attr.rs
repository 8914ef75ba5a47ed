//! What stands in the parentheses: `#[orchestration(name = "..", version = "..")]`.

use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Lit, LitStr, Result, Token};

use crate::kind::Kind;
use crate::message::{self, Errors};
use crate::names;

/// The keys of an attribute, checked. What is wrong counts as left out.
#[derive(Default)]
pub(crate) struct Attributes {
    /// What the store knows the function by.
    pub(crate) name: Option<String>,
    /// Its version.
    pub(crate) version: Option<String>,
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
        (attributes, errors.into_error())
    }

    fn set(&mut self, kind: Kind, entry: &Entry) -> Result<()> {
        let Entry { key, value } = entry;
        let slot = match key.to_string().as_str() {
            "name" => &mut self.name,
            "version" if kind == Kind::Orchestration => &mut self.version,
            _ => return Err(unknown_key(kind, key)),
        };
        if slot.is_some() {
            return Err(message::error(
                key,
                &format!("`{key}` is given twice"),
                "delete one of the two",
            ));
        }
        let text = value.value();
        if key == "name" {
            names::check_name(&text).map_err(|problem| {
                message::error(
                    value,
                    &format!("the name `{text}` {problem}"),
                    "write for instance `name = \"billing::charge_card\"`",
                )
            })?;
        } else if !names::is_semantic_version(&text) {
            return Err(message::error(
                value,
                &format!("`{text}` is not a semantic version"),
                "write three numbers: `version = \"1.2.0\"`",
            ));
        }
        *slot = Some(text);
        Ok(())
    }
}

/// `key = "value"`
struct Entry {
    key: Ident,
    value: LitStr,
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
        let wrong_value = |on: &dyn quote::ToTokens| {
            message::error(
                on,
                &format!("`{key}` takes a text"),
                &format!("write `{key} = \"{example}\"`"),
            )
        };
        if input.parse::<Option<Token![=]>>()?.is_none() {
            return Err(wrong_value(&key));
        }
        match input.parse::<Lit>() {
            Ok(Lit::Str(value)) => Ok(Self { key, value }),
            Ok(other) => Err(wrong_value(&other)),
            Err(_) => Err(wrong_value(&key)),
        }
    }
}

fn unknown_key(kind: Kind, key: &Ident) -> Error {
    let examples: Vec<_> = kind
        .keys()
        .iter()
        .map(|(key, example)| format!("`{key} = \"{example}\"`"))
        .collect();
    message::error(
        key,
        &format!("`#[{}]` does not know `{key}`", kind.noun()),
        &format!("it knows {}", examples.join(" and ")),
    )
}
