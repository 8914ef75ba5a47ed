//! Names in tokens that cannot be parsed: `A::B`, `name!`, `.name(`, at any depth.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;

use crate::body::What;

/// All of them, each with its tokens.
pub(crate) fn names(stream: &TokenStream) -> Vec<(What, TokenStream)> {
    let mut found = Vec::new();
    collect(stream, &mut found);
    found
}

fn collect(stream: &TokenStream, found: &mut Vec<(What, TokenStream)>) {
    let trees: Vec<TokenTree> = stream.clone().into_iter().collect();
    let mut index = 0;
    while let Some(tree) = trees.get(index) {
        match tree {
            TokenTree::Ident(first) => {
                let (path, at, end) = path_from(&trees, index, first);
                if let Some(what) = what_is(&trees, index, end, path) {
                    found.push((what, at));
                }
                index = end;
            }
            TokenTree::Group(group) => {
                collect(&group.stream(), found);
                index += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => index += 1,
        }
    }
}

/// The path that begins here, its tokens, and where it ends.
fn path_from(
    trees: &[TokenTree],
    begin: usize,
    first: &Ident,
) -> (Vec<String>, TokenStream, usize) {
    let mut path = vec![first.unraw().to_string()];
    let mut at = first.to_token_stream();
    let mut end = begin + 1;
    while let Some(
        [
            TokenTree::Punct(one),
            TokenTree::Punct(two),
            TokenTree::Ident(name),
        ],
    ) = trees.get(end..end + 3)
        && one.as_char() == ':'
        && two.as_char() == ':'
    {
        path.push(name.unraw().to_string());
        at.extend([
            one.to_token_stream(),
            two.to_token_stream(),
            name.to_token_stream(),
        ]);
        end += 3;
    }
    (path, at, end)
}

fn what_is(trees: &[TokenTree], begin: usize, end: usize, path: Vec<String>) -> Option<What> {
    let is_behind = |c| {
        let before = begin.checked_sub(1).and_then(|it| trees.get(it));
        matches!(before, Some(TokenTree::Punct(it)) if it.as_char() == c)
    };
    let is_called = matches!(trees.get(end), Some(TokenTree::Group(it)) if it.delimiter() == Delimiter::Parenthesis);
    let is_macro = matches!(trees.get(end), Some(TokenTree::Punct(it)) if it.as_char() == '!')
        && matches!(trees.get(end + 1), Some(TokenTree::Group(_)));
    match path.as_slice() {
        _ if is_behind('$') => None,
        [name] if is_behind('.') => is_called.then(|| What::Method {
            name: name.clone(),
            receiver: None,
        }),
        _ if is_macro => Some(What::Macro(path)),
        [_] if !is_called => None,
        _ => Some(What::Path(path)),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn names_are_found_at_any_depth() {
        let found = names(&quote!(a, [std::env::var("x"), now()], t.elapsed(), p!(b), x.y, $z::q));
        let what: Vec<_> = found.into_iter().map(|(what, _)| what).collect();
        let path = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            what,
            [
                What::Path(path(&["std", "env", "var"])),
                What::Path(path(&["now"])),
                What::Method {
                    name: "elapsed".to_owned(),
                    receiver: None
                },
                What::Macro(path(&["p"])),
            ]
        );
    }
}
