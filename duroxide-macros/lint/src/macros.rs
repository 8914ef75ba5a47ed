//! Macro calls, as far as their tokens can be read.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Expr, Macro, Token};

/// Macros whose arguments are plain expressions.
const OF_EXPRESSIONS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "panic",
    "print",
    "println",
    "todo",
    "trace_debug",
    "trace_error",
    "trace_info",
    "trace_warn",
    "try_join",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
    "join",
];

/// Macros that only look at their tokens.
const QUOTING: &[&str] = &[
    "concat",
    "env",
    "file",
    "include_bytes",
    "include_str",
    "line",
    "module_path",
    "option_env",
    "parse_quote",
    "quote",
    "quote_spanned",
    "stringify",
];

/// The last name of the macro's path.
pub fn name(it: &Macro) -> String {
    let last = it.path.segments.last();
    last.map_or_else(String::new, |last| last.ident.unraw().to_string())
}

/// Whether the tokens are no code.
pub fn quotes_only(it: &Macro) -> bool {
    is_quoting(&name(it))
}

pub(crate) fn is_quoting(name: &str) -> bool {
    QUOTING.contains(&name)
}

/// Whether it may be one of ours: it has no path, or that of this crate.
pub fn may_be_ours(it: &Macro) -> bool {
    let first = it.path.segments.first();
    it.path.segments.len() == 1 || first.is_some_and(|first| first.ident == "duroxide")
}

/// The arguments, if they are expressions.
pub fn arguments(it: &Macro) -> Option<Punctuated<Expr, Token![,]>> {
    OF_EXPRESSIONS
        .contains(&name(it).as_str())
        .then(|| expressions(&it.tokens))?
}

/// The tokens as expressions, if they are that.
pub fn expressions(tokens: &TokenStream) -> Option<Punctuated<Expr, Token![,]>> {
    let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
    parser.parse2(tokens.clone()).ok()
}

/// Whether a format string asks for an address.
pub(crate) fn prints_address(it: &Macro) -> bool {
    let mut tokens = it.tokens.clone().into_iter();
    tokens.any(|token| match token {
        proc_macro2::TokenTree::Literal(text) => {
            let text = text.to_string();
            text.contains('"') && text.contains(":p}")
        }
        _ => false,
    })
}
