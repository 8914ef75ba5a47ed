//! Findings as the compiler shows them: errors at the user's tokens, and warnings too.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use duroxide_lint::allow::Invalid;
use duroxide_lint::check::Finding;
use duroxide_lint::rules::Level;

use crate::message;

/// More would hide the first ones.
const MAX_FINDINGS: usize = 20;

/// Statements that make the compiler show all of them.
pub(super) fn tokens<'a>(
    findings: &[Finding],
    invalid: impl Iterator<Item = &'a Invalid>,
    tracked: Option<&TokenStream>,
) -> TokenStream {
    let found = findings.iter().take(MAX_FINDINGS).map(|it| match it.level {
        Level::Error => syn::Error::new_spanned(&it.site.at, &it.text).to_compile_error(),
        Level::Warning | Level::Pedantic | Level::Reserved => warning(it),
    });
    let invalid = invalid.map(|it| message::error(&it.at, &it.what, &it.help).to_compile_error());
    quote! { #(#found)* #(#invalid)* #tracked }
}

/// A macro that is deprecated, for the reason given, and used at the user's token: of a macro the compiler
/// says the name alone, of everything else where it stands.
fn warning(finding: &Finding) -> TokenStream {
    let at = last_name(&finding.site.at);
    let ours = Span::mixed_site().located_at(at);
    // Named as if the user had written it: the warning shows nothing of this expansion.
    let name = Ident::new(finding.rule.id, at);
    let text = &finding.text;
    quote_spanned! {ours=>
        {
            #[deprecated(note = #text)]
            macro_rules! #name {
                () => {};
            }
            #name!();
        }
    }
}

/// A warning has one token: the last name of a path, without its generics.
fn last_name(tokens: &TokenStream) -> Span {
    let mut depth = 0_usize;
    let mut last = None;
    for token in tokens.clone() {
        match token {
            TokenTree::Punct(it) if it.as_char() == '<' => depth += 1,
            TokenTree::Punct(it) if it.as_char() == '>' => depth = depth.saturating_sub(1),
            TokenTree::Ident(name) if depth == 0 => last = Some(name.span()),
            _ => {}
        }
    }
    let first = || tokens.clone().into_iter().next().map(|token| token.span());
    last.or_else(first).unwrap_or_else(Span::call_site)
}
