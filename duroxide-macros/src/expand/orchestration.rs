//! `#[orchestration]`: the functions that start it, look at it, and start it over.

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ext::IdentExt;

use crate::ast::Function;
use crate::expand::{ours, parameters, renamed};

/// What the type of the orchestration's name offers.
pub(super) fn expand(function: &Function) -> TokenStream {
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
        "Ends this execution as soon as the code comes to rest; the next one runs `{shown}` with these \
         parameters and a fresh history."
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
            ) -> ::duroxide::__private::ContinueAsNew<#output, #failure> {
                ::duroxide::__private::continue_as_new(
                    ctx,
                    #version,
                    Self::__duroxide_write(&(#(#names,)*)),
                )
            }
        }
    }
}
