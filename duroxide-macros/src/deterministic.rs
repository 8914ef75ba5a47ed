//! `#[deterministic]`: a helper that awaits durable futures only, and whose own future is durable.

use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Result, ReturnType, Signature, Token, Type, TypeImplTrait, Visibility, token,
};

use crate::lint;
use crate::message::{self, Errors};

/// What stands in the place of the helper. Never panics: what is wrong is an error in the tokens.
pub(crate) fn annotate(attributes: &TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(mut helper) = syn::parse2::<Helper>(item.clone()) else {
        let error = no_function(item).to_compile_error();
        return quote! { #error #item };
    };
    let (allows, others, wrong_allow) = lint::take_allows(attributes.clone());
    let mut errors = Errors::default();
    if !others.is_empty() {
        errors.push(message::error(
            others,
            "`#[deterministic]` knows only `allow`",
            "write `#[deterministic]`, or `#[deterministic(allow(DX0105, reason = \"..\"))]`",
        ));
    }
    if let Some(wrong) = wrong_allow {
        errors.push(wrong);
    }
    if let Some(body) = &mut helper.body {
        *body = lint::checked(&helper.sig, body, allows);
    }
    let errors = errors.into_error().map(|error| error.to_compile_error());
    let helper = if helper.sig.asyncness.take().is_some() {
        durable(helper)
    } else {
        quote!(#helper)
    };
    quote! { #errors #helper }
}

/// The function as one that returns its durable future.
fn durable(mut helper: Helper) -> TokenStream {
    let ours = Span::mixed_site().located_at(helper.sig.ident.span());
    let output = match &helper.sig.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    // The span decides which lifetimes are captured: those of the newest edition, so all.
    let capturing = Span::call_site();
    let returned = quote_spanned! {capturing=>
        -> impl ::duroxide::__private::Durable<Output = #output> + ::duroxide::__private::Send
    };
    helper.sig.output = match syn::parse2(returned) {
        Ok(returned) => returned,
        Err(error) => return error.to_compile_error(),
    };
    helper.body = helper.body.map(|body| {
        let typed = (!is_opaque(&output)).then(|| {
            quote_spanned! {ours=>
                // For what is returned early: it is of this type too.
                if let ::duroxide::__private::Some(it) = ::duroxide::__private::None::<#output> {
                    return it;
                }
            }
        });
        let mut statements = Group::new(proc_macro2::Delimiter::Brace, body.stream());
        statements.set_span(body.span());
        let annotation = (!is_opaque(&output)).then(|| quote_spanned!(ours=> : #output));
        let whole = quote_spanned! {ours=>
            ::duroxide::__private::block(async move {
                #typed
                #[allow(clippy::let_unit_value)]
                let result #annotation = #statements;
                #[allow(unreachable_code)]
                result
            })
        };
        let mut whole = Group::new(proc_macro2::Delimiter::Brace, whole);
        whole.set_span(body.span());
        whole
    });
    quote! { #helper }
}

/// Whether the type names no type that a `let` could have.
fn is_opaque(ty: &Type) -> bool {
    #[derive(Default)]
    struct Search(bool);
    impl Visit<'_> for Search {
        fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
            self.0 = true;
            visit::visit_type_impl_trait(self, ty);
        }
    }
    let mut search = Search::default();
    search.visit_type(ty);
    search.0
}

fn no_function(item: &TokenStream) -> syn::Error {
    message::error(
        item.clone().into_iter().next(),
        "`#[deterministic]` stands on something that is not a function [DX0002]",
        "write it on a function, a method, or a method of a trait",
    )
}

/// A function, a method, or the declaration of one.
struct Helper {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: Signature,
    body: Option<Group>,
}

impl Parse for Helper {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let body = if input.peek(token::Brace) {
            Some(input.parse()?)
        } else {
            input.parse::<Token![;]>()?;
            None
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

impl ToTokens for Helper {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            vis,
            sig,
            body,
        } = self;
        let end = body.is_none().then(|| quote!(;));
        tokens.extend(quote! { #(#attrs)* #vis #sig #body #end });
    }
}
