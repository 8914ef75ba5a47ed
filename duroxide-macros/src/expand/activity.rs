//! `#[activity]`: the function that calls it.

use proc_macro2::TokenStream;
use quote::quote_spanned;

use crate::ast::Function;
use crate::expand::{ours, parameters, renamed};
use crate::options::CallOptions;
use crate::retry::{Pauses, Retry};

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
    let policy = policy(function);
    let tag = &function.options.tag;
    let tag = tag.as_ref().map_or_else(
        || quote_spanned!(ours(function)=> ::duroxide::__private::None),
        |tag| quote_spanned!(ours(function)=> ::duroxide::__private::Some(#tag)),
    );
    let is_final = is_final(function);
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
                    policy: #policy,
                    tag: #tag,
                    is_final: #ident::__duroxide_is_final,
                },
                (#(#names,)*),
            )
        }

        #(#cfgs)*
        impl #ident {
            #is_final
        }
    }
}

/// How the activity is called if the call says nothing else.
fn policy(function: &Function) -> TokenStream {
    let CallOptions {
        timeout,
        total_timeout,
        retry,
        ..
    } = &function.options;
    let at = ours(function);
    let policy = quote_spanned!(at=> ::duroxide::__private::RetryPolicy);
    let millis =
        |millis: u64| quote_spanned!(at=> ::duroxide::__private::Duration::from_millis(#millis));
    let attempts = match retry {
        None => quote_spanned!(at=> #policy::new(1)),
        Some(Retry {
            max_attempts,
            pauses,
            jitter,
        }) => {
            let backoff = quote_spanned!(at=> ::duroxide::__private::BackoffStrategy);
            let backoff = match pauses {
                Pauses::Fixed { delay } => {
                    let delay = millis(*delay);
                    quote_spanned!(at=> #backoff::Fixed { delay: #delay })
                }
                Pauses::Linear { base, max } => {
                    let (base, max) = (millis(*base), millis(*max));
                    quote_spanned!(at=> #backoff::Linear { base: #base, max: #max })
                }
                Pauses::Exponential {
                    base,
                    multiplier,
                    max,
                } => {
                    let (base, max) = (millis(*base), millis(*max));
                    quote_spanned! {at=>
                        #backoff::Exponential { base: #base, multiplier: #multiplier, max: #max }
                    }
                }
            };
            let jitter = jitter.iter();
            quote_spanned! {at=>
                #policy::new(#max_attempts).with_backoff(#backoff)#(.with_jitter(#jitter))*
            }
        }
    };
    let timeout = timeout.map(millis).into_iter();
    let total_timeout = total_timeout.map(millis).into_iter();
    quote_spanned! {at=>
        #attempts
            #(.with_timeout(#timeout))*
            #(.with_total_timeout(#total_timeout))*
    }
}

/// The patterns stand in a function of their own, on the error's type: there they are checked.
fn is_final(function: &Function) -> TokenStream {
    let Function {
        failure, options, ..
    } = function;
    let patterns = options.no_retry.as_deref().unwrap_or_default();
    let at = ours(function);
    let body = if patterns.is_empty() {
        quote_spanned!(at=> let _ = error; false)
    } else {
        quote_spanned!(at=> match error { #(#patterns => true,)* _ => false })
    };
    quote_spanned! {at=>
        #[doc(hidden)]
        // All errors of the type may be listed.
        #[allow(dead_code, unreachable_patterns, clippy::match_like_matches_macro)]
        fn __duroxide_is_final(error: &#failure) -> bool {
            #body
        }
    }
}
