//! `allow(DX0105, reason = "..")` among the keys of an attribute: for the whole function.

use proc_macro2::{TokenStream, TokenTree};

use duroxide_lint::allow::Allow;

use crate::message::{self, Errors};

/// The allowances of the attribute, its other keys, and what is wrong with the allowances.
pub(crate) fn take_allows(
    attributes: TokenStream,
) -> (Vec<Allow>, TokenStream, Option<syn::Error>) {
    let mut allows = Vec::new();
    let mut others = TokenStream::new();
    let mut errors = Errors::default();
    let mut tokens = attributes.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_allow = matches!(&token, TokenTree::Ident(word) if word == "allow");
        let list = match tokens.peek() {
            Some(TokenTree::Group(list)) if is_allow => list.clone(),
            _ => {
                others.extend([token]);
                continue;
            }
        };
        tokens.next();
        tokens.next_if(|next| matches!(next, TokenTree::Punct(comma) if comma.as_char() == ','));
        match Allow::parse(&list.stream(), &token.into()) {
            Ok(allow) => allows.push(allow),
            Err(invalid) => {
                for it in invalid {
                    errors.push(message::error(&it.at, &it.what, &it.help));
                }
            }
        }
    }
    (allows, others, errors.into_error())
}
