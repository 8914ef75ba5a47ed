//! `allow(DX0105, reason = "..")` among the keys of an attribute, for the whole function; and allowances
//! where nothing is allowed.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit_mut::VisitMut;
use syn::{Attribute, Block};

use duroxide_lint::allow::{self, Allow};

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

/// Takes our attributes off the statements and expressions of the block, if there are any: to the compiler
/// they would be a name that it does not find.
pub(super) fn take_all(block: &mut Block) -> bool {
    let mut search = TakeAll { has_taken: false };
    search.visit_block_mut(block);
    search.has_taken
}

struct TakeAll {
    has_taken: bool,
}

impl VisitMut for TakeAll {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let before = attributes.len();
        attributes.retain(|attribute| !allow::is_ours(attribute));
        self.has_taken |= attributes.len() < before;
    }
}
