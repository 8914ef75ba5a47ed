//! The checks of annotated functions. The rules, and the search for what breaks them, stand in
//! `duroxide_lint`; here is how findings reach the compiler, and what the compiler checks itself.

mod awaits;
mod opaque;

use proc_macro2::{Group, Span};
use quote::{ToTokens, quote, quote_spanned};
use syn::Block;

use awaits::Awaits;

/// The body with its awaits checked by their types.
pub(crate) fn checked(body: &Group) -> Group {
    let tokens = match syn::parse2::<Block>(body.to_token_stream()) {
        Ok(mut block) => {
            Awaits.rewrite(&mut block);
            let statements = &block.stmts;
            quote!(#(#statements)*)
        }
        // Newer than the parser, or a mistake that the compiler reports.
        Err(_) => opaque::rewrite(body.stream()),
    };
    let at = Span::mixed_site().located_at(body.span());
    let import = quote_spanned! {at=>
        #[allow(unused_imports)]
        use ::duroxide::__private::AwaitExt as _;
    };
    let mut body_with_import = Group::new(body.delimiter(), quote!(#import #tokens));
    body_with_import.set_span(body.span());
    body_with_import
}
