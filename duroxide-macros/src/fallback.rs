//! What is left when a function is refused: the error, and the function in a form that lets the
//! compiler check its body and its callers.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Token};

use crate::kind::Kind;
use crate::source::Source;

/// The error and the function, without what only the macros understand, and `async` so that an
/// `.await` in it is no second error.
pub(crate) fn refuse(mut source: Source, error: &syn::Error) -> TokenStream {
    source.attrs.retain(|attr| !Kind::is_named_by(attr.path()));
    let sig = &mut source.sig;
    for input in &mut sig.inputs {
        let attrs = match input {
            FnArg::Receiver(receiver) => &mut receiver.attrs,
            FnArg::Typed(typed) => &mut typed.attrs,
        };
        attrs.retain(|attr| !attr.path().is_ident("serde"));
    }
    if sig.constness.is_none() && sig.variadic.is_none() {
        let span = sig.fn_token.span;
        sig.asyncness.get_or_insert(Token![async](span));
    }
    let error = error.to_compile_error();
    quote! { #error #[allow(dead_code, unused_variables)] #source }
}
