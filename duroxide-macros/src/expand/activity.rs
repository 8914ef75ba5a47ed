//! `#[activity]`: the function that calls it.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::ast::Function;
use crate::expand::{ours, parameters, renamed};

/// The stub: one function over who calls.
pub(super) fn expand(function: &Function) -> TokenStream {
    let Function {
        name,
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
        #[allow(clippy::too_many_arguments, dead_code, private_bounds, private_interfaces)]
        #[track_caller]
        #vis fn #ident<__Caller>(
            ctx: __Caller,
            #(#names: #types),*
        ) -> <__Caller as ::duroxide::__private::ActivityCaller<#output, #failure>>::Call
        where
            __Caller: ::duroxide::__private::ActivityCaller<#output, #failure>,
        {
            ::duroxide::__private::ActivityCaller::call(
                ctx,
                ::duroxide::__private::TypedActivity {
                    name: #name,
                    write: #ident::__duroxide_write,
                    run: #ident::__duroxide_run,
                    outcome: ::duroxide::__private::outcome::<#output, #failure>(),
                    policy: ::duroxide::__private::RetryPolicy::new(1),
                    is_final: |_| false,
                },
                (#(#names,)*),
            )
        }
    }
}
