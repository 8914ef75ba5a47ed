//! `#[derive(ExternalEvent)]`: the name under which a type is sent.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Attribute, DeriveInput, LitStr, Result};

use crate::message::{self, Errors};
use crate::names;

/// The implementation, or what is wrong with the attribute. Never panics.
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let (name, error) = name_of(&input);
    let error = error.map(|error| error.to_compile_error());
    let (ident, generics) = (&input.ident, &input.generics);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    // The type is an event also when its name is wrong: one error is enough.
    quote! {
        #error
        #[automatically_derived]
        impl #parameters ::duroxide::__private::ExternalEvent for #ident #arguments #bounds {
            const NAME: &'static ::duroxide::__private::str = #name;
        }
    }
}

/// What the attribute says, or else the type's own name.
fn name_of(input: &DeriveInput) -> (String, Option<syn::Error>) {
    let mut errors = Errors::default();
    let mut given: Option<LitStr> = None;
    let attributes = input.attrs.iter();
    for attribute in attributes.filter(|it| it.path().is_ident("event")) {
        let parsed = read(attribute, &mut given);
        errors.take(parsed);
    }
    let own = input.ident.unraw().to_string();
    let name = given.as_ref().map_or_else(|| own, LitStr::value);
    if let Err(problem) = names::check_name(&name) {
        let what = format!("the name `{name}` {problem}");
        errors.push(match &given {
            Some(literal) => {
                message::error(literal, &what, "write for instance `name = \"approval\"`")
            }
            None => message::error(
                &input.ident,
                &what,
                "add for instance `#[event(name = \"approval\")]`",
            ),
        });
    }
    (name, errors.into_error())
}

/// `#[event(name = "..")]`
fn read(attribute: &Attribute, given: &mut Option<LitStr>) -> Result<()> {
    attribute.parse_nested_meta(|meta| {
        if !meta.path.is_ident("name") {
            return Err(message::error(
                &meta.path,
                "`#[event]` does not know this key",
                "it knows `name = \"approval\"`",
            ));
        }
        if given.is_some() {
            return Err(message::error(
                &meta.path,
                "`name` is given twice",
                "delete one of the two",
            ));
        }
        *given = Some(meta.value()?.parse()?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_derives_it_gives_tokens() {
        for item in [
            "",
            "fn f() {}",
            "struct S;",
            "enum Größe {}",
            "#[event] struct S;",
            "#[event()] struct S;",
            "#[event = \"a\"] struct S;",
            "#[event(name)] struct S;",
            "#[event(name = 1)] struct S;",
            "#[event(name = \"\", nme = \"b\")] union U { a: u8 }",
            "#[event(name = \"a\")] #[event(name = \"b\")] struct S<'a, T: X, const N: usize>(T) where T: Y;",
        ] {
            let tokens = derive(item.parse().unwrap());
            assert!(!tokens.is_empty(), "{item}");
        }
    }

    #[test]
    fn the_name_is_the_types_own_or_the_given_one() {
        let named = derive("#[event(name = \"a.b\")] struct S;".parse().unwrap()).to_string();
        assert!(named.contains("\"a.b\"") && !named.contains("compile_error"));
        let own = derive("struct r#Type;".parse().unwrap()).to_string();
        assert!(
            own.contains("\"Type\"") && !own.contains("compile_error"),
            "{own}"
        );
    }
}
