//! The items that stand for an annotated function. Quotes only: every decision is made in `ast`.

mod activity;
mod mocked;
mod orchestration;
mod wire;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::ast::{Function, Param};
use crate::kind::Kind;

/// The items of the function.
pub(crate) fn expand(function: &Function) -> TokenStream {
    let marker = marker(function);
    let own = match function.kind {
        Kind::Activity => activity::expand(function),
        Kind::Orchestration => orchestration::expand(function),
    };
    let hidden = hidden(function);
    let registration = registration(function);
    let mocked = mocked::expand(function);
    quote! { #marker #own #hidden #registration #mocked }
}

/// Our own tokens: errors in them show on the function's name; their locals meet no user's local.
fn ours(function: &Function) -> Span {
    Span::mixed_site().located_at(function.ident.span())
}

/// A name of the user's in our own code: shown where it was written, and for lints not the user's.
fn renamed(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::call_site().located_at(ident.span()));
    ident
}

/// The names and types of the parameters.
fn parameters(function: &Function) -> (Vec<Ident>, Vec<&syn::Type>) {
    let each = |param: &Param| renamed(&param.ident);
    let names = function.params.iter().map(each).collect();
    let types = function.params.iter().map(|param| &param.ty).collect();
    (names, types)
}

/// The type of the function's name. Braced, so that the name stays free for values.
fn marker(function: &Function) -> TokenStream {
    let Function { vis, attrs, .. } = function;
    let (cfgs, docs) = (&attrs.cfgs, &attrs.docs);
    let ident = renamed(&function.ident);
    let doc = format!(
        "The {} `{}` as a type: it stands for the function where that is registered.",
        function.kind.noun(),
        function.ident.unraw()
    );
    quote_spanned! {ours(function)=>
        #(#cfgs)*
        #(#docs)*
        #[doc = ""]
        #[doc = #doc]
        #[allow(dead_code, non_camel_case_types, unreachable_pub, unnameable_types)]
        #[non_exhaustive]
        #vis struct #ident {}
    }
}

/// What only the generated code calls. The user's types stand in signatures, never in associated
/// types: so they may be more private than the function.
fn hidden(function: &Function) -> TokenStream {
    let Function {
        attrs,
        output,
        failure,
        ..
    } = function;
    let cfgs = &attrs.cfgs;
    let ident = renamed(&function.ident);
    let context = Ident::new(function.kind.context(), ours(function));
    let (_, types) = parameters(function);
    let body = body(function);
    let write = wire::write(function);
    let read = wire::read(function);
    let handler = handler(function);
    let data = function.options.data.iter().flatten();
    // What is wrong with a type shows on that type.
    let data = data.map(|ty| {
        let at = Span::mixed_site().located_at(ty.span());
        quote_spanned!(at=> ::duroxide::__private::NeededData::of::<#ty>())
    });
    let Function { name, version, .. } = function;
    let cancellation = cancellation(function);
    let borrow = function.borrows_context.then(|| quote!(&));
    let fields = (0..function.params.len()).map(syn::Index::from);
    quote_spanned! {ours(function)=>
        #(#cfgs)*
        #[allow(dead_code)]
        impl #ident {
            #body

            #[doc(hidden)]
            fn __duroxide_write(
                args: &(#(#types,)*),
            ) -> ::duroxide::__private::Result<
                ::duroxide::__private::String,
                ::duroxide::__private::CodecError,
            > {
                #write
            }

            #[doc(hidden)]
            fn __duroxide_read(
                text: &::duroxide::__private::str,
            ) -> ::duroxide::__private::Result<(#(#types,)*), ::duroxide::__private::CodecError> {
                #read
            }

            #[doc(hidden)]
            fn __duroxide_run(
                context: ::duroxide::__private::#context,
                args: (#(#types,)*),
            ) -> ::duroxide::__private::BoxFuture<
                'static,
                ::duroxide::__private::Result<#output, #failure>,
            > {
                ::duroxide::__private::Box::pin(async move {
                    #cancellation
                    Self::__duroxide_body(#borrow context, #(args.#fields),*).await
                })
            }

            #[doc(hidden)]
            const __DUROXIDE_REGISTRATION: ::duroxide::__private::Registration =
                ::duroxide::__private::Registration {
                    name: #name,
                    version: #version,
                    module: ::duroxide::__private::module_path!(),
                    file: ::duroxide::__private::file!(),
                    line: ::duroxide::__private::line!(),
                    handler: #handler,
                    data: &[#(#data),*],
                };
        }
    }
}

/// The function itself, under another name: its own means the stub, inside as well.
fn body(function: &Function) -> TokenStream {
    let mut source = function.source.clone();
    source.vis = syn::Visibility::Inherited;
    source.sig.ident = Ident::new("__duroxide_body", renamed(&function.ident).span());
    quote_spanned! {ours(function)=>
        // What the macros ask for is no lack of the user's: owned parameters, and `async`.
        #[doc(hidden)]
        #[allow(clippy::needless_pass_by_value, clippy::unused_async)]
        #source
    }
}

/// What is said before the body runs, so that no request to end comes too early for it.
fn cancellation(function: &Function) -> Option<TokenStream> {
    let deadline = function.cancellation.cooperates_for()?;
    Some(quote_spanned! {ours(function)=>
        ::duroxide::__private::OrchestrationContext::cooperative_cancellation(
            &context,
            ::duroxide::__private::Duration::from_millis(#deadline),
        );
    })
}

fn handler(function: &Function) -> TokenStream {
    let Function {
        output, failure, ..
    } = function;
    let ident = renamed(&function.ident);
    let (variant, make) = match function.kind {
        Kind::Activity => (quote!(Activity), quote!(activity_handler)),
        Kind::Orchestration => (quote!(Orchestration), quote!(orchestration_handler)),
    };
    quote_spanned! {ours(function)=>
        ::duroxide::__private::Handler::#variant(|| {
            ::duroxide::__private::#make(
                ::duroxide::__private::outcome::<#output, #failure>(),
                #ident::__duroxide_read,
                #ident::__duroxide_run,
            )
        })
    }
}

fn registration(function: &Function) -> TokenStream {
    let cfgs = &function.attrs.cfgs;
    let ident = renamed(&function.ident);
    quote_spanned! {ours(function)=>
        #(#cfgs)*
        impl ::duroxide::__private::Registered for #ident {
            fn registration() -> &'static ::duroxide::__private::Registration {
                static REGISTRATION: ::duroxide::__private::Registration =
                    #ident::__DUROXIDE_REGISTRATION;
                &REGISTRATION
            }
        }

        #(#cfgs)*
        ::duroxide::__private::inventory::submit! { #ident::__DUROXIDE_REGISTRATION }
    }
}
