//! `#[orchestration]`: the function that calls it as a child; and those that start it, look at it,
//! and start it over.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ext::IdentExt;

use crate::ast::Function;
use crate::expand::{ours, parameters, renamed};

/// The stub, and what the type of the orchestration's name offers.
pub(super) fn expand(function: &Function) -> TokenStream {
    let (stub, offers) = (stub(function), offers(function));
    quote_spanned!(ours(function)=> #stub #offers)
}

/// The call of a child.
fn stub(function: &Function) -> TokenStream {
    let Function {
        name,
        version,
        vis,
        attrs,
        output,
        failure,
        ..
    } = function;
    let (cfgs, docs, outside) = (&attrs.cfgs, &attrs.docs, &attrs.outside);
    let ident = renamed(&function.ident);
    let (names, types) = parameters(function);
    quote_spanned! {ours(function)=>
        #(#cfgs)*
        #(#docs)*
        #(#outside)*
        #[allow(clippy::too_many_arguments, dead_code, private_interfaces)]
        #[track_caller]
        #vis fn #ident(
            ctx: impl ::duroxide::__private::ChildCaller,
            #(#names: #types),*
        ) -> ::duroxide::__private::ChildCall<#output, #failure> {
            ::duroxide::__private::ChildCall::new(
                ctx,
                (#name, #version),
                #ident::__duroxide_write(&(#(#names,)*)),
                ::duroxide::__private::outcome::<#output, #failure>(),
            )
        }
    }
}

fn offers(function: &Function) -> TokenStream {
    let Function {
        name,
        version,
        vis,
        attrs,
        output,
        failure,
        ..
    } = function;
    let (cfgs, outside) = (&attrs.cfgs, &attrs.outside);
    let ident = renamed(&function.ident);
    let shown = function.ident.unraw();
    let start = format!("Starts an instance of `{shown}`, when awaited.");
    let handle = format!("The instance of `{shown}` with that id, which may or may not exist.");
    let continue_as_new = format!(
        "Ends this execution, when awaited; the next one runs `{shown}` with these parameters and a \
         fresh history."
    );
    let (names, types) = parameters(function);
    quote_spanned! {ours(function)=>
        #(#cfgs)*
        #[allow(clippy::too_many_arguments, dead_code, unreachable_pub, private_interfaces)]
        impl #ident {
            #[doc = #start]
            #(#outside)*
            #vis fn start(
                client: &::duroxide::__private::Client,
                #(#names: #types),*
            ) -> ::duroxide::__private::StartCall<#output, #failure> {
                ::duroxide::__private::StartCall::new(
                    client,
                    #name,
                    #version,
                    Self::__duroxide_write(&(#(#names,)*)),
                )
            }

            #[doc = #handle]
            #vis fn handle(
                client: &::duroxide::__private::Client,
                id: impl ::duroxide::__private::Into<::duroxide::__private::String>,
            ) -> ::duroxide::__private::Handle<#output, #failure> {
                ::duroxide::__private::Handle::new(client, id)
            }

            #[doc = #continue_as_new]
            #vis fn continue_as_new(
                ctx: &::duroxide::__private::OrchestrationContext,
                #(#names: #types),*
            ) -> ::duroxide::__private::StartOver<#output, #failure> {
                ::duroxide::__private::StartOver::new(
                    ctx,
                    #version,
                    Self::__duroxide_write(&(#(#names,)*)),
                )
            }
        }
    }
}
