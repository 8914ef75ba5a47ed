//! What the tests of the search share.

use duroxide_lint::check::{Finding, Surroundings, check};
use duroxide_lint::index::krate::{Crate, Place};
use duroxide_lint::index::manifest::Manifest;
use duroxide_lint::read;
use syn::Item;

/// What is found in the function `checked` of this source, which stands at that place of its crate;
/// by the checker, or in a build.
pub(crate) fn findings(
    source: &str,
    (krate, place): (&Crate, &Place),
    manifest: &Manifest,
    only_text: bool,
) -> Vec<Finding> {
    let parsed = syn::parse_file(source).unwrap_or_else(|error| panic!("{error}: {source}"));
    let function = parsed.items.iter().find_map(|item| match item {
        Item::Fn(it) if it.sig.ident == "checked" => Some(it),
        _ => None,
    });
    let function = function.unwrap();
    let body = read::read(&function.sig, &function.block, Vec::new());
    let around = Surroundings {
        krate,
        place,
        self_type: None,
        only_text,
    };
    let checked = check(&body, Some(&around), manifest, "ctx");
    let invalid = body.invalid.iter().chain(&checked.invalid);
    assert_eq!(invalid.count(), 0, "{source}");
    checked.findings
}
