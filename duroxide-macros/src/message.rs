//! How an error reads: what is wrong, in lower case and without a full stop, on the user's token;
//! then what to write instead.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// An error on these tokens, with the code to write instead. The compiler indents further lines.
pub(crate) fn error(on: impl ToTokens, what: &str, help: &str) -> Error {
    Error::new_spanned(on, format!("{what}\n= help: {help}"))
}

/// Collects errors, so that one build shows all of them.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Adds one.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Takes the value out of a result, and its error in.
    pub(crate) fn take<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All of them as one, if there are any.
    pub(crate) fn into_error(self) -> Option<Error> {
        self.0
    }

    /// The value, if nothing is wrong.
    ///
    /// # Errors
    ///
    /// All errors as one.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Error> {
        match (self.0, value) {
            (Some(error), _) => Err(error),
            (None, Some(value)) => Ok(value),
            (None, None) => Err(Error::new(Span::call_site(), "an error lost its words")),
        }
    }
}

/// Tokens as a person would write them: `Vec<u8>`, not `Vec < u8 >`.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let tokens: TokenStream = tokens.into_token_stream();
    [
        (" :: ", "::"),
        (":: ", "::"),
        (" : ", ": "),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        ("' ", "'"),
    ]
    .iter()
    .fold(tokens.to_string(), |text, (from, to)| {
        text.replace(from, to)
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::shown;

    #[test]
    fn types_are_shown_as_people_write_them() {
        assert_eq!(
            shown(quote!(anyhow::Result<Vec<(u8, &'a str)>>)),
            "anyhow::Result<Vec<(u8, &'a str)>>"
        );
        assert_eq!(shown(quote!(())), "()");
        assert_eq!(shown(quote!(mut a: &[u8])), "mut a: &[u8]");
    }
}
