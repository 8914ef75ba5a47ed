//! `#[duroxide::test]`: an `async fn(env: TestEnv)` as a test.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Ident, LitBool, Result, ReturnType, Safety, Token};

use crate::message::{self, Errors};
use crate::source::Source;

const FORM: &str = "write `async fn name(env: TestEnv) { .. }`";

/// What stands in the place of the function. Never panics: what is wrong is an error in the tokens.
pub(crate) fn annotate(attributes: TokenStream, item: &TokenStream) -> TokenStream {
    let Ok(source) = syn::parse2::<Source>(item.clone()) else {
        let first = item.clone().into_iter().next();
        let what = "`#[duroxide::test]` stands on something that is not a function with a body";
        let error = message::error(first, what, FORM).to_compile_error();
        return quote! { #error #item };
    };
    let (options, wrong_option) = Options::parse(attributes);
    let mut errors = Errors::default();
    if let Some(wrong) = wrong_option {
        errors.push(wrong);
    }
    check(&source, &mut errors);
    match errors.into_error() {
        Some(error) => refused(source, &error),
        None => expand(&source, &options),
    }
}

/// The keys of the attribute: none is what the crate decides.
#[derive(Default)]
struct Options {
    auto_skip: Option<LitBool>,
    replay_twice: Option<LitBool>,
}

impl Options {
    /// The keys that are right, and what is wrong with the others.
    fn parse(tokens: TokenStream) -> (Self, Option<syn::Error>) {
        let mut options = Self::default();
        let entries = |input: ParseStream<'_>| {
            while !input.is_empty() {
                options.entry(input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        let parsed = entries.parse2(tokens);
        (options, parsed.err())
    }

    fn entry(&mut self, input: ParseStream<'_>) -> Result<()> {
        let key = Ident::parse_any(input)?;
        let slot = match key.to_string().as_str() {
            "auto_skip" => &mut self.auto_skip,
            "replay_twice" => &mut self.replay_twice,
            _ => {
                return Err(message::error(
                    &key,
                    "`#[duroxide::test]` does not know this key",
                    "it knows `auto_skip = false` and `replay_twice = false`",
                ));
            }
        };
        input.parse::<Token![=]>()?;
        let value = input.call(switch)?;
        if slot.replace(value).is_some() {
            let what = format!("`{key}` is given twice");
            return Err(message::error(&key, &what, "delete one of the two"));
        }
        Ok(())
    }
}

fn switch(input: ParseStream<'_>) -> Result<LitBool> {
    if input.peek(LitBool) {
        return input.parse();
    }
    let what = "`true` or `false` belongs here";
    let help = "write for instance `auto_skip = false`";
    Err(match input.parse::<TokenTree>() {
        Ok(other) => message::error(other, what, help),
        Err(nothing) => syn::Error::new(nothing.span(), format!("{what}\n= help: {help}")),
    })
}

fn check(source: &Source, errors: &mut Errors) {
    let sig = &source.sig;
    if sig.asyncness.is_none() {
        errors.push(message::error(
            sig.fn_token,
            "a test with a `TestEnv` is an `async fn`",
            &format!("{FORM}; a test without one is written with `#[test]`"),
        ));
    }
    let unusual = sig.constness.is_some()
        || sig.abi.is_some()
        || sig.variadic.is_some()
        || matches!(sig.safety, Safety::Unsafe(_));
    if unusual || !sig.generics.params.is_empty() {
        errors.push(message::error(
            &sig.ident,
            "a test is a plain function",
            FORM,
        ));
    }
    let mut inputs = sig.inputs.iter();
    match (inputs.next(), inputs.next()) {
        (Some(FnArg::Typed(_)), None) => {}
        (Some(FnArg::Receiver(receiver)), _) => {
            errors.push(message::error(receiver, "a test is no method", FORM));
        }
        (None, _) => errors.push(message::error(
            &sig.ident,
            "the test does not take its `TestEnv`",
            FORM,
        )),
        (Some(FnArg::Typed(_)), Some(second)) => errors.push(message::error(
            second,
            "a test takes its `TestEnv` and nothing else",
            FORM,
        )),
    }
    for attribute in source.attrs.iter().filter(|it| is_test(it)) {
        errors.push(message::error(
            attribute,
            "this function is a test already",
            "delete one of the two attributes",
        ));
    }
}

fn is_test(attribute: &Attribute) -> bool {
    let last = attribute.path().segments.last();
    last.is_some_and(|last| last.ident == "test")
}

/// The error, and the function as it is: so its body is looked at too.
fn refused(mut source: Source, error: &syn::Error) -> TokenStream {
    source.attrs.retain(|attribute| !is_test(attribute));
    let error = error.to_compile_error();
    quote! { #error #[allow(dead_code, unused_variables)] #source }
}

fn expand(source: &Source, options: &Options) -> TokenStream {
    let mut inside = source.clone();
    let outside: Vec<_> = std::mem::take(&mut inside.attrs);
    inside.vis = syn::Visibility::Inherited;
    let (vis, ident) = (&source.vis, &source.sig.ident);
    let output = match &source.sig.output {
        ReturnType::Default => quote!(),
        output @ ReturnType::Type(..) => quote!(#output),
    };
    let auto_skip = options.auto_skip.iter();
    let replay_twice = options.replay_twice.iter();
    let ours = Span::mixed_site().located_at(ident.span());
    quote_spanned! {ours=>
        #(#outside)*
        #[cfg_attr(test, ::core::prelude::v1::test)]
        // Outside of tests it is compiled too, and called by nobody.
        #[cfg_attr(not(test), allow(dead_code))]
        #vis fn #ident() #output {
            #[allow(unused_imports)]
            use ::duroxide::__private::Mocking as _;

            #inside

            let options = ::duroxide::__private::TestOptions::default()
                #(.auto_skip(#auto_skip))*
                #(.replay_twice(#replay_twice))*;
            ::duroxide::__private::run(options, #ident)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotated(attributes: &str, item: &str) -> String {
        annotate(attributes.parse().unwrap(), &item.parse().unwrap()).to_string()
    }

    #[test]
    fn whatever_is_annotated_gives_tokens() {
        for attributes in ["", ",", "auto_skip", "auto_skip = 1", "x = true", "= ="] {
            for item in [
                "",
                "struct S;",
                "fn",
                "fn f() {}",
                "async fn f(..) {}",
                "const unsafe extern \"C\" fn f<'a, T>(self, x: ...) -> ! where T: 'a {}",
                "#[test] #[tokio::test] async fn r#match((a, b): (A, B), c: u8) -> Result<(), E> { ? }",
            ] {
                assert!(
                    !annotated(attributes, item).is_empty(),
                    "{attributes} {item}"
                );
            }
        }
    }

    #[test]
    fn a_right_test_is_a_test_and_a_wrong_one_keeps_its_body() {
        let right = annotated("auto_skip = false", "async fn f(env: TestEnv) { keep() }");
        assert!(syn::parse_str::<syn::File>(&right).is_ok(), "{right}");
        assert!(right.contains("auto_skip (false)"), "{right}");
        assert!(!right.contains("compile_error"), "{right}");
        let wrong = annotated("", "fn f() { keep() }");
        assert_eq!(wrong.matches("compile_error").count(), 2, "{wrong}");
        assert!(wrong.contains("keep ()"), "{wrong}");
    }
}
