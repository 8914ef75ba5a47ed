//! What can be told from the tokens of a type.

use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, Result, Type, TypeImplTrait, TypeReference};

use crate::kind::Kind;
use crate::message::{self, shown};

/// Refuses what borrows, and what has no name.
///
/// # Errors
///
/// Which of the two, `why` that matters, and the `id` of the rule.
pub(crate) fn check_stored(ty: &Type, why: &str, id: &str) -> Result<()> {
    let mut search = Search::default();
    search.visit_type_mut(&mut ty.clone());
    if search.is_opaque {
        return Err(message::error(
            ty,
            &format!("`{}` has no name, and {why} {id}", shown(ty)),
            "write the type itself",
        ));
    }
    if search.borrows {
        let help = match bare(ty) {
            Type::Reference(reference) => match bare(&reference.elem) {
                Type::Path(path) if path.path.is_ident("str") => "`String`".to_owned(),
                Type::Slice(slice) => format!("`Vec<{}>`", shown(&slice.elem)),
                owned => format!("`{}`", shown(owned)),
            },
            _ => "a type that owns its data, such as `String` or `Vec<T>`".to_owned(),
        };
        return Err(message::error(
            ty,
            &format!("`{}` is borrowed, and {why} {id}", shown(ty)),
            &format!("write {help}"),
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Search {
    borrows: bool,
    is_opaque: bool,
}

impl VisitMut for Search {
    fn visit_type_reference_mut(&mut self, _: &mut TypeReference) {
        self.borrows = true;
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        self.borrows |= lifetime.ident != "static";
    }

    fn visit_type_impl_trait_mut(&mut self, ty: &mut TypeImplTrait) {
        self.is_opaque = true;
        visit_mut::visit_type_impl_trait_mut(self, ty);
    }
}

/// How a context is taken.
#[derive(Clone, Copy)]
pub(crate) enum Passed {
    ByValue,
    ByReference,
    Mutably,
}

/// Whether the type is a context: which one, taken how. By its last name, as macros see no types.
pub(crate) fn context_in(ty: &Type) -> Option<(&'static str, Passed)> {
    let (ty, passed) = match bare(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => {
            (bare(&reference.elem), Passed::Mutably)
        }
        Type::Reference(reference) => (bare(&reference.elem), Passed::ByReference),
        other => (other, Passed::ByValue),
    };
    let Type::Path(path) = ty else { return None };
    let last = &path.path.segments.last()?.ident;
    [Kind::Activity, Kind::Orchestration]
        .into_iter()
        .map(Kind::context)
        .find(|context| last == context)
        .map(|context| (context, passed))
}

/// The type without the parentheses and the invisible groups of `macro_rules`.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        other => other,
    }
}
