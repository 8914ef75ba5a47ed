//! Parameters to text and back. The calls that need a type to be storable stand on that type in the
//! user's code, and are all the same call: so the compiler complains there, and once.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::ast::{Function, Param};
use crate::expand::ours;

/// The body of `fn(args: &(..)) -> Result<String, _>`. `args` comes from the caller's tokens.
pub(super) fn write(function: &Function) -> TokenStream {
    let at = ours(function);
    match function.params.as_slice() {
        [] => quote_spanned!(at=> ::duroxide::__private::encode(args)),
        [only] => {
            let payload = payload(only);
            quote_spanned!(at=> (#payload.encode)(&args.0))
        }
        several => {
            let fields = several.iter().enumerate().map(|(index, param)| {
                let (payload, key) = (payload(param), param.key());
                let index = syn::Index::from(index);
                quote_spanned!(at=> let writer = (#payload.field)(writer, #key, &args.#index)?;)
            });
            quote_spanned! {at=>
                let writer = ::duroxide::__private::ArgsWriter::new();
                #(#fields)*
                ::duroxide::__private::Ok(writer.finish())
            }
        }
    }
}

/// The body of `fn(text: &str) -> Result<(..), _>`.
pub(super) fn read(function: &Function) -> TokenStream {
    let at = ours(function);
    match function.params.as_slice() {
        // Whatever was recorded when there were parameters.
        [] => quote_spanned! {at=>
            let _ = text;
            ::duroxide::__private::Ok(())
        },
        [only] => {
            let payload = payload(only);
            let decode = if only.defaulted {
                let method = on_type(only, &quote!(decode_or_default));
                quote_spanned!(at=> #payload.#method(text))
            } else {
                quote_spanned!(at=> (#payload.decode)(text))
            };
            quote_spanned!(at=> ::duroxide::__private::Ok((#decode?,)))
        }
        several => {
            let keys = several.iter().map(Param::key);
            let fields = several.iter().map(|param| {
                let (payload, key) = (payload(param), param.key());
                if param.defaulted {
                    let method = on_type(param, &quote!(field_or_default));
                    quote_spanned!(at=> #payload.#method(&mut reader, #key)?)
                } else {
                    quote_spanned!(at=> (#payload.required)(&mut reader, #key)?)
                }
            });
            quote_spanned! {at=>
                let mut reader = ::duroxide::__private::ArgsReader::new(text, &[#(#keys),*])?;
                ::duroxide::__private::Ok((#(#fields,)*))
            }
        }
    }
}

fn payload(param: &Param) -> TokenStream {
    let ty = &param.ty;
    quote_spanned!(span(param)=> ::duroxide::__private::payload::<#ty>())
}

fn on_type(param: &Param, tokens: &TokenStream) -> TokenStream {
    let span = span(param);
    let tokens = tokens.clone().into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    tokens.collect()
}

fn span(param: &Param) -> Span {
    Span::mixed_site().located_at(param.ty.span())
}
