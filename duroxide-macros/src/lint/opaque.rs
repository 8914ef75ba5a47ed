//! Awaits in the tokens of other macros, which cannot be parsed. An await stands behind its operand, so
//! nothing need be known of what stands before it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

/// The tokens with each `.await` checked, and each `async` block marked.
pub(crate) fn rewrite(tokens: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let mut is_behind_dot = false;
    while let Some(token) = tokens.next() {
        let was_behind_dot = std::mem::take(&mut is_behind_dot);
        match token {
            TokenTree::Group(group) => out.extend([inner(&group)]),
            TokenTree::Ident(word) if word == "await" && was_behind_dot => {
                let at = Span::mixed_site().located_at(word.span());
                out.extend(quote_spanned!(at=> __duroxide_durable() .));
                word.to_tokens(&mut out);
            }
            TokenTree::Ident(word) if word == "async" => {
                let moving =
                    tokens.next_if(|next| matches!(next, TokenTree::Ident(it) if it == "move"));
                let is_block = |next: &TokenTree| matches!(next, TokenTree::Group(it) if it.delimiter() == Delimiter::Brace);
                if let Some(TokenTree::Group(body)) = tokens.next_if(is_block) {
                    out.extend(marked(&word, moving.as_ref(), &body));
                } else {
                    word.to_tokens(&mut out);
                    moving.to_tokens(&mut out);
                }
            }
            other => {
                is_behind_dot = matches!(&other, TokenTree::Punct(dot) if dot.as_char() == '.');
                other.to_tokens(&mut out);
            }
        }
    }
    out
}

fn marked(word: &Ident, moving: Option<&TokenTree>, body: &Group) -> TokenStream {
    let at = Span::mixed_site().located_at(word.span());
    let body = inner(body);
    quote_spanned!(at=> ::duroxide::__private::block(#word #moving #body))
}

fn inner(group: &Group) -> TokenTree {
    let mut rewritten = Group::new(group.delimiter(), rewrite(group.stream()));
    rewritten.set_span(group.span());
    TokenTree::Group(rewritten)
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::rewrite;

    #[track_caller]
    fn check(before: proc_macro2::TokenStream, after: &proc_macro2::TokenStream) {
        assert_eq!(rewrite(before).to_string(), after.to_string());
    }

    #[test]
    fn awaits_and_blocks_are_found_at_any_depth() {
        check(
            quote!(a, [f(x.await)?, y]),
            &quote!(a, [f(x.__duroxide_durable().await)?, y]),
        );
        check(
            quote!(async move { a.await }, async { b }),
            &quote!(
                ::duroxide::__private::block(async move { a.__duroxide_durable().await }),
                ::duroxide::__private::block(async { b })
            ),
        );
        check(quote!($it.await), &quote!($it.__duroxide_durable().await));
    }

    #[test]
    fn other_tokens_stay_as_they_are() {
        let same = quote!(await, async, async fn f() {}, async || {}, "x.await");
        check(same.clone(), &same);
    }
}
