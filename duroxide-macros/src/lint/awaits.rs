//! `.await` in annotated functions, rewritten so that it takes durable futures only. The compiler
//! checks the types and complains at the user's own tokens.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, ExprAwait, Item, Macro, Pat, Token, token};

use duroxide_lint::{allow, macros};

use crate::lint::opaque;

/// Rewrites the awaits and `async` blocks of a body.
#[derive(Default)]
pub(crate) struct Awaits;

impl Awaits {
    /// The statements of the block, rewritten.
    pub(crate) fn rewrite(&mut self, block: &mut Block) {
        self.visit_block_mut(block);
    }
}

impl VisitMut for Awaits {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        match expr {
            Expr::Await(it) => checked(it),
            Expr::Async(it) => {
                let block = path("block", it.async_token.span);
                *expr = Expr::Verbatim(quote!(#block(#it)));
            }
            Expr::Verbatim(tokens) => *tokens = opaque::rewrite(tokens.clone()),
            _ => {}
        }
    }

    fn visit_macro_mut(&mut self, it: &mut Macro) {
        let rewritten = match macros::name(it).as_str() {
            _ if macros::quotes_only(it) => return,
            "join" if macros::may_be_ours(it) => self.joined(&it.tokens),
            "select" if macros::may_be_ours(it) => self.selected(&it.tokens),
            _ => macros::arguments(it).map(|mut arguments| {
                arguments.iter_mut().for_each(|it| self.visit_expr_mut(it));
                arguments.into_token_stream()
            }),
        };
        it.tokens = rewritten.unwrap_or_else(|| opaque::rewrite(it.tokens.clone()));
    }

    /// An item of its own is none of ours, except for macros that put their tokens here.
    fn visit_item_mut(&mut self, item: &mut Item) {
        if let Item::Macro(it) = item
            && it.mac.path.is_ident("macro_rules")
        {
            it.mac.tokens = opaque::rewrite(it.mac.tokens.clone());
        }
    }

    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes.retain(|attribute| !allow::is_ours(attribute));
    }
}

impl Awaits {
    /// `join!(a, b)`: each branch is awaited.
    fn joined(&mut self, tokens: &TokenStream) -> Option<TokenStream> {
        let mut branches = macros::expressions(tokens)?;
        for branch in &mut branches {
            self.visit_expr_mut(branch);
            *branch = awaited(branch);
        }
        Some(branches.into_token_stream())
    }

    /// `select! { pattern = future => body, .. }`: each future is awaited.
    fn selected(&mut self, tokens: &TokenStream) -> Option<TokenStream> {
        let branches = |input: ParseStream<'_>| {
            let mut out = TokenStream::new();
            while !input.is_empty() {
                Pat::parse_multi_with_leading_vert(input)?.to_tokens(&mut out);
                input.parse::<Token![=]>()?.to_tokens(&mut out);
                let mut future: Expr = input.parse()?;
                self.visit_expr_mut(&mut future);
                awaited(&future).to_tokens(&mut out);
                input.parse::<Token![=>]>()?.to_tokens(&mut out);
                let mut body = if input.peek(token::Brace) {
                    Expr::Block(input.parse()?)
                } else {
                    input.parse()?
                };
                self.visit_expr_mut(&mut body);
                body.to_tokens(&mut out);
                input.parse::<Option<Token![,]>>()?.to_tokens(&mut out);
            }
            Ok(out)
        };
        branches.parse2(tokens.clone()).ok()
    }
}

/// `operand.await` as `durable_await(operand).await`.
fn checked(it: &mut ExprAwait) {
    let function = path("durable_await", it.await_token.span);
    let mut operand = &*it.base;
    while let Expr::Paren(inner) = operand
        && inner.attrs.is_empty()
    {
        operand = &inner.expr;
    }
    *it.base = Expr::Verbatim(quote!(#function(#operand)));
}

/// A branch that a macro awaits.
fn awaited(branch: &Expr) -> Expr {
    let function = path("durable_await", branch.span());
    Expr::Verbatim(quote!(#function(#branch)))
}

/// One of our functions, shown where the user's token stands, and for lints not the user's.
fn path(name: &str, at: Span) -> TokenStream {
    let at = Span::mixed_site().located_at(at);
    let name = proc_macro2::Ident::new(name, at);
    quote_spanned!(at=> ::duroxide::__private::#name)
}
