//! What lets a closure stand in for the function in a test.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::ast::Function;
use crate::expand::{ours, parameters, renamed};
use crate::kind::Kind;

/// The function's own parameters and result as parameters of a trait: there they may be more private
/// than the function, and from there the compiler knows what the closure is called with. Without the
/// feature `testing` nothing is left of it.
pub(super) fn expand(function: &Function) -> TokenStream {
    let Function {
        name,
        attrs,
        output,
        failure,
        ..
    } = function;
    let cfgs = &attrs.cfgs;
    let ident = renamed(&function.ident);
    let (_, types) = parameters(function);
    let fields = (0..function.params.len()).map(syn::Index::from);
    // An orchestration is run again from its history, so what stands in for it gives its result at
    // once.
    let (how, bound, make) = match function.kind {
        Kind::Activity => (quote!(__How), quote!(__How,), quote!(activity)),
        Kind::Orchestration => (
            quote!(::duroxide::__private::Plain),
            quote!(),
            quote!(orchestration),
        ),
    };
    quote_spanned! {ours(function)=>
        ::duroxide::__if_testing! {
            #(#cfgs)*
            #[allow(private_bounds, private_interfaces)]
            impl<__F, __R, #bound>
                ::duroxide::__private::Mocked<__F, __R, #how, (#(#types,)*), #output, #failure>
                for #ident
            where
                __F: ::duroxide::__private::Fn(#(#types),*) -> __R
                    + ::duroxide::__private::Send
                    + ::duroxide::__private::Sync
                    + 'static,
                __R: ::duroxide::__private::Answer<#output, #failure, #how>,
            {
                fn mocked(
                    with: __F,
                ) -> ::duroxide::__private::MockedCall<(#(#types,)*), #output, #failure> {
                    ::duroxide::__private::MockedCall::#make(
                        #name,
                        #ident::__duroxide_read,
                        ::duroxide::__private::outcome::<#output, #failure>(),
                        move |args: (#(#types,)*)| {
                            // Without parameters there is nothing in it.
                            let _ = &args;
                            ::duroxide::__private::Answer::answer(with(#(args.#fields),*))
                        },
                    )
                }
            }
        }
    }
}
