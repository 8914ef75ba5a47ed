//! `#[duroxide::allow(DX0101, reason = "..")]`: what somebody vouches for. The attribute is no item;
//! the macros read it and take it away.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, LitStr, Meta, Token};

use crate::names;
use crate::rules::{self, Off, Rule};
use crate::table::RULES;

/// One allowance: the ids it names, and the tokens to point at.
#[derive(Clone, Debug)]
pub struct Allow {
    /// The rules.
    pub ids: Vec<Ident>,
}

/// What is wrong with an allowance (DX0007).
#[derive(Debug)]
pub struct Invalid {
    /// Where.
    pub at: TokenStream,
    /// What is wrong, and what to write instead.
    pub what: String,
    /// What to write instead.
    pub help: String,
}

/// Whether the attribute is ours.
pub fn is_ours(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let names: Vec<_> = path.segments.iter().map(|it| &it.ident).collect();
    matches!(names.as_slice(), [krate, allow] if *krate == "duroxide" && *allow == "allow")
}

impl Allow {
    /// Reads the attribute.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn of(attribute: &Attribute) -> Result<Self, Vec<Invalid>> {
        match &attribute.meta {
            Meta::List(list) => Self::parse(&list.tokens, &attribute.meta.to_token_stream()),
            Meta::Path(_) | Meta::NameValue(_) => {
                Self::parse(&TokenStream::new(), &attribute.meta.to_token_stream())
            }
        }
    }

    /// Reads what stands in the parentheses. Errors without a better place point at `whole`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(tokens: &TokenStream, whole: &TokenStream) -> Result<Self, Vec<Invalid>> {
        let mut ids = Vec::new();
        let mut reason = None;
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let word: Ident = input.parse()?;
                if word == "reason" {
                    input.parse::<Token![=]>()?;
                    reason = Some(input.parse::<LitStr>()?);
                } else {
                    ids.push(word);
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        };
        if parser.parse2(tokens.clone()).is_err() {
            return Err(vec![invalid(
                whole,
                "an allowance that cannot be read",
                EXAMPLE,
            )]);
        }
        let mut wrong: Vec<_> = ids.iter().filter_map(refused).collect();
        if ids.is_empty() {
            wrong.push(invalid(whole, "an allowance that names no rule", EXAMPLE));
        }
        match reason {
            None => wrong.push(invalid(
                whole,
                "an allowance without a reason",
                "say why it holds: `reason = \"..\"`",
            )),
            Some(text) if text.value().trim().is_empty() => wrong.push(invalid(
                &text,
                "the reason is empty",
                "say why it holds: `reason = \"..\"`",
            )),
            Some(_) => {}
        }
        if wrong.is_empty() {
            Ok(Self { ids })
        } else {
            Err(wrong)
        }
    }
}

const EXAMPLE: &str = "write `#[duroxide::allow(DX0101, reason = \"..\")]`";

fn refused(id: &Ident) -> Option<Invalid> {
    let name = id.to_string();
    let Some(rule) = rules::rule(&name) else {
        let meant = meant(&name).map(|rule| {
            let title = rule.title;
            format!("did you mean `{}` ({title})?", rule.id)
        });
        return Some(invalid(
            id,
            &format!("there is no rule `{id}`"),
            &meant.unwrap_or_else(|| "the rules are listed in `docs/lints`; delete it".to_owned()),
        ));
    };
    match rule.off {
        Off::Allowed => None,
        Off::Assumed => Some(invalid(
            id,
            &format!("{id} cannot be allowed"),
            "vouch for one future: `ctx.assume_durable(future, \"reason\")`",
        )),
        Off::Never => Some(invalid(
            id,
            &format!("{id} cannot be allowed"),
            "repair what it found",
        )),
    }
}

/// The rule that was meant, if only one is so near.
fn meant(name: &str) -> Option<&'static Rule> {
    let name = name.to_uppercase();
    let distance = |rule: &Rule| names::distance(&name, rule.id);
    let least = RULES.iter().map(distance).min().filter(|it| *it <= 2)?;
    let mut near = RULES.iter().filter(|rule| distance(rule) == least);
    match (near.next(), near.next()) {
        (only, None) => only,
        _ => None,
    }
}

fn invalid(at: impl ToTokens, what: &str, help: &str) -> Invalid {
    Invalid {
        at: at.into_token_stream(),
        what: format!("{what} [DX0007]"),
        help: help.to_owned(),
    }
}

impl Invalid {
    /// An allowance of `id` under which nothing was found.
    pub fn unused(id: &Ident) -> Self {
        invalid(
            id,
            &format!("nothing here breaks {id}"),
            "delete it: a stale excuse hides the next finding",
        )
    }

    /// An allowance of `id` in an activity.
    pub fn needless(id: &Ident) -> Self {
        invalid(
            id,
            &format!("an activity may do what {id} is about: nothing need be allowed in it"),
            "delete it",
        )
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        let first = self.at.clone().into_iter().next();
        first.map_or_else(Span::call_site, |first| first.span())
    }
}
