//! From the tokens of an annotated item to those that stand in its place.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::Function;
use crate::attr::Attributes;
use crate::expand::expand;
use crate::fallback;
use crate::kind::Kind;
use crate::lint;
use crate::message;
use crate::source::Source;

/// What stands in the place of the item. Never panics: what is wrong is an error in the tokens.
pub(crate) fn annotate(kind: Kind, attributes: TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(mut source) = syn::parse2::<Source>(item.clone()) else {
        let error = no_function(kind, item).to_compile_error();
        return quote! { #error #item };
    };
    let (allows, attributes, wrong_allow) = lint::take_allows(attributes);
    source.body = match kind {
        Kind::Activity => lint::activity(&source.sig, &source.body, &allows),
        Kind::Orchestration => lint::orchestration(&source.sig, &source.body, allows),
    };
    let wrong_allow = wrong_allow.map(|error| error.to_compile_error());
    let (attributes, wrong_attribute) = Attributes::parse(kind, attributes);
    match Function::check(kind, &attributes, source.clone()) {
        Ok(function) => {
            // The function is fine: its callers need not suffer from the attribute.
            let error = wrong_attribute.map(|error| error.to_compile_error());
            let expanded = expand(&function);
            quote! { #error #wrong_allow #expanded }
        }
        Err(mut error) => {
            error.extend(wrong_attribute);
            let refused = fallback::refuse(source, &error);
            quote! { #wrong_allow #refused }
        }
    }
}

fn no_function(kind: Kind, item: &TokenStream) -> syn::Error {
    let (noun, context) = (kind.noun(), kind.context());
    // The whole item would be underlined; its first token will do.
    let first = item.clone().into_iter().next();
    message::error(
        first,
        &format!("`#[{noun}]` stands on something that is not a function with a body [DX0002]"),
        &format!(
            "write it on an `async fn name(ctx: &{context}, ..) -> Result<T, E> {{ .. }}` outside of `impl` and `trait`"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATTRIBUTES: &[&str] = &[
        "",
        ",",
        "name",
        "name =",
        "name = 1",
        "name = \"\"",
        "name = \"a\" name = \"b\"",
        "name = \"a\", name = \"b\",",
        "version = \"1\"",
        "version = \"1.0.0\"",
        "\"a\"",
        "::",
        "(name = \"a\")",
        "name(\"a\")",
        "nme = \"a\"",
        "fn = \"a\"",
        "= = =",
        "r#name = r#\"a\"#",
        "retry, no_retry",
        "retry(), no_retry = []",
        "retry(max_attempts)",
        "retry(max_attempts = , initial =)",
        "retry(max_attempts = 0, initial = 1, multiplier = -1, max_delay = \"1\", x = 1)",
        "retry(initial = \"2s\", max_delay = \"1s\")",
        "retry(multiplier = 1e999)",
        "no_retry = [_, a, A | B, C { .. }, \"x\"]",
        "no_retry = [1 + ]",
        "timeout = \"0s\", total_timeout = \"1\"",
        "retry(fixed = \"1s\", linear = \"1s\", max_delay = \"1s\", multiplier = 2, jitter = 7)",
        "tag = \"\", data, data(), data(&'a T, [u8; 3], _)",
        "cancellation = \"x\", cleanup_deadline = \"1s\"",
        "cancellation = \"cooperative\"",
    ];

    const ITEMS: &[&str] = &[
        "",
        "struct S;",
        "#[doc]",
        "#![doc]",
        "fn",
        "async fn f",
        "async fn f();",
        "fn f() {}",
        "async fn f() {}",
        "async fn f(..) {}",
        "async fn f(...) {}",
        "const unsafe extern \"C\" fn f<'a, T, const N: usize>(mut self: Self, x: ...) -> ! where T: 'a {}",
        "async fn __f(ctx: &ActivityContext) -> Result<(), ()> {}",
        "async fn größe(ctx: &ActivityContext) -> Result<(), ()> {}",
        "async fn f(ctx: &ActivityContext) -> Result {}",
        "async fn f(ctx: &ActivityContext) -> Result<> {}",
        "async fn f(ctx: &ActivityContext) -> Result<'a, T> {}",
        "async fn f(ctx: &ActivityContext) -> Result<T = u8, E> {}",
        "async fn f(ctx: &ActivityContext) -> Result(A, B) {}",
        "async fn f(ctx: &ActivityContext) -> <A as B>::Result<A, B> {}",
        "async fn f(ctx: &ActivityContext) -> (Result<A, B>) {}",
        "async fn f(ctx: &ActivityContext) -> m!() {}",
        "async fn f(ctx: &mut ActivityContext, &x: &u8, (a, b): (u8, u8)) -> Result<impl X, &str> {}",
        "async fn f(ctx: &ActivityContext, #[serde] a: u8, #[serde(default, x)] b: u8, #[cfg(x)] c: u8) -> Result<A, B> {}",
        "async fn f(#[serde(default)] &_: &super::ActivityContext<'_, T>, r#type: m!(x), #[serde(default)] mut b: [fn(&u8); 3]) -> r#Result<A, B> { ? ? ? }",
        "async fn r#match(_: OrchestrationContext, a: dyn Fn(&A) -> B, _: _) -> ::std::result::Result<!, _> { loop }",
        "#[cfg(x)] #[doc = \"x\"] #[expect(x)] #[a::b(c)] pub(in a::b) async fn f(ctx: &OrchestrationContext) -> Result<A, B> {}",
        "#[activity] #[duroxide::orchestration] async fn f(ctx: &OrchestrationContext) -> Result<A, B> {}",
        "async fn f(a: u8, ctx: &OrchestrationContext) -> Result<A, B> {} struct S;",
        "unsafe trait T { fn x(); }",
        "macro_rules! m { () => {} }",
    ];

    #[test]
    fn whatever_is_annotated_gives_tokens() {
        for kind in [Kind::Activity, Kind::Orchestration] {
            for item in ITEMS {
                for attributes in ATTRIBUTES {
                    let tokens =
                        annotate(kind, attributes.parse().unwrap(), &item.parse().unwrap());
                    assert!(!tokens.is_empty(), "{kind:?} {attributes} {item}");
                }
            }
        }
    }

    #[test]
    fn a_right_function_gives_items_and_a_wrong_one_keeps_its_body() {
        let right = "async fn f(ctx: &ActivityContext, a: u8) -> Result<A, B> { keep() }";
        let items = annotate(Kind::Activity, TokenStream::new(), &right.parse().unwrap());
        assert!(syn::parse2::<syn::File>(items.clone()).is_ok(), "{items}");
        assert!(!items.to_string().contains("compile_error"), "{items}");

        let wrong = "fn f(a: u8) { keep() }";
        let items = annotate(Kind::Activity, TokenStream::new(), &wrong.parse().unwrap());
        assert!(syn::parse2::<syn::File>(items.clone()).is_ok(), "{items}");
        let items = items.to_string();
        assert_eq!(items.matches("compile_error").count(), 3, "{items}");
        assert!(
            items.contains("async fn f") && items.contains("keep ()"),
            "{items}"
        );
    }
}
