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

/// A constant that is deprecated, for the reason given, and used at the user's token.
fn warning(finding: &Finding) -> TokenStream {
    let at = last_name(&finding.site.at);
    let ours = Span::mixed_site().located_at(at);
    // Named as if the user had written it: the warning shows nothing of this expansion.
    let constant = Ident::new(finding.rule.id, at);
    let text = &finding.text;
    quote_spanned! {ours=>
        {
            #[deprecated(note = #text)]
            const #constant: () = ();
            let () = #constant;
        }
    }
}

/// A warning has one token: the last name of a path.
fn last_name(tokens: &TokenStream) -> Span {
    let names = tokens
        .clone()
        .into_iter()
        .filter(|it| matches!(it, TokenTree::Ident(_)));
    let token = names.last().or_else(|| tokens.clone().into_iter().next());
    token.map_or_else(Span::call_site, |token| token.span())
}
