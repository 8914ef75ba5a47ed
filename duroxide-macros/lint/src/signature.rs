//! What the types of parameters say by their text.

use syn::visit::{self, Visit};
use syn::{FnArg, Ident, Signature, Type, TypePath};

/// The hash maps and sets in the types of the parameters (DX0106).
pub fn unordered(signature: &Signature) -> Vec<&Ident> {
    let mut search = Search(Vec::new());
    for input in &signature.inputs {
        if let FnArg::Typed(typed) = input {
            search.visit_type(&typed.ty);
        }
    }
    search.0
}

/// Whether the text of the type names a hash map or set.
pub fn names_unordered(ty: &Type) -> bool {
    let mut search = Search(Vec::new());
    search.visit_type(ty);
    !search.0.is_empty()
}

struct Search<'a>(Vec<&'a Ident>);

impl<'a> Visit<'a> for Search<'a> {
    fn visit_type_path(&mut self, ty: &'a TypePath) {
        let last = ty.path.segments.last().map(|last| &last.ident);
        let is_hash = |name: &&Ident| *name == "HashMap" || *name == "HashSet";
        self.0.extend(last.filter(is_hash));
        visit::visit_type_path(self, ty);
    }
}

/// The name of the parameter that is the context of an orchestration; `ctx` if there is none.
pub fn context(signature: &Signature) -> String {
    let named = signature.inputs.iter().find_map(|input| {
        let FnArg::Typed(typed) = input else {
            return None;
        };
        let ty = crate::read::type_path(&typed.ty)?;
        let is_context = ty.last().is_some_and(|it| it.ends_with("Context"));
        match &*typed.pat {
            syn::Pat::Ident(name) if is_context => Some(name.ident.to_string()),
            _ => None,
        }
    });
    named.unwrap_or_else(|| "ctx".to_owned())
}
