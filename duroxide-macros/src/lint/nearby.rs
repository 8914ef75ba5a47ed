//! The crate around an annotated function, as far as the compiler says where it stands. What is not
//! known is left out without a word: the checker command looks once more.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Signature;

use duroxide_lint::check::{self, Surroundings};
use duroxide_lint::index::annotated;
use duroxide_lint::index::function::{Annotation, Function};
use duroxide_lint::index::krate::{Crate, Place};
use duroxide_lint::index::manifest::Manifest;

/// What is known about the crate.
pub(super) struct Nearby {
    manifest: Manifest,
    /// The text that the manifest was read from, if what it says about rules counts.
    tracked: Option<PathBuf>,
    found: Option<(Crate, Place, Option<Arc<Function>>)>,
}

impl Nearby {
    /// Looks around the function.
    pub(super) fn find(sig: &Signature) -> Self {
        let path = std::env::var_os("CARGO_MANIFEST_DIR")
            .map(|folder| Path::new(&folder).join("Cargo.toml"));
        let text = path
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok());
        let manifest = text.map(|text| Manifest::parse(&text)).unwrap_or_default();
        let span = sig.ident.span();
        let file = span.local_file().or_else(|| Span::call_site().local_file());
        let found = file.and_then(|file| {
            let file = std::path::absolute(file).ok()?;
            let (krate, place) = Crate::of_file(&file, manifest.clone())?;
            let line = span.start().line;
            let place = place.at_line(line);
            if !place.is_code(line) {
                return None;
            }
            let function = place.function(&sig.ident.to_string(), line);
            Some((krate, place, function))
        });
        Self {
            tracked: path.filter(|_| manifest.has_lints),
            manifest,
            found,
        }
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(super) fn surroundings(&self) -> Option<Surroundings<'_>> {
        let (krate, place, function) = self.found.as_ref()?;
        let self_type = function.as_ref().and_then(|it| it.self_type.as_deref());
        Some(Surroundings {
            krate,
            place,
            self_type,
            only_text: false,
        })
    }

    /// What to say of a function that had the same name and version before.
    pub(super) fn twin(&self) -> Option<String> {
        let (krate, place, function) = self.found.as_ref()?;
        let twin = annotated::earlier_twin(krate, function.as_ref()?, place)?;
        let Annotation { name, version, .. } = twin.function.annotation.as_ref()?;
        let file = check::shown_file(&twin.place.file);
        Some(format!(
            "\n= note: `{name}` {version} stands at {file}:{}",
            twin.function.line
        ))
    }

    /// Whether the module has a type of its own under that name.
    pub(super) fn is_own_type(&self, name: &str) -> bool {
        let found = self.found.as_ref();
        found.is_some_and(|(krate, place, _)| krate.is_own(place, name))
    }

    /// A mention of the manifest, so that a change of it builds anew.
    pub(super) fn tracked(&self) -> Option<TokenStream> {
        let path = self.tracked.as_ref()?.to_str()?;
        let ours = Span::mixed_site();
        let text = quote!(::core::include_str!(#path));
        Some(quote_spanned!(ours=> const _: &str = #text;))
    }
}
