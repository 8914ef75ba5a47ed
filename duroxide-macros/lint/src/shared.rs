//! Statics that instances share (DX0107).

use syn::{ItemStatic, StaticMutability, Type};

use crate::read::type_path;

const SHARED: &[&str] = &[
    "Cell",
    "DashMap",
    "Lazy",
    "LazyCell",
    "LazyLock",
    "Mutex",
    "OnceCell",
    "OnceLock",
    "RefCell",
    "RwLock",
    "UnsafeCell",
    "SyncUnsafeCell",
];

/// Types of `LazyLock` that are the same whenever they are made.
const CONSTANT: &[&str] = &["Regex", "RegexSet"];

/// Whether it can change, or is made at run time.
pub(crate) fn is_shared(it: &ItemStatic) -> bool {
    !matches!(it.mutability, StaticMutability::None) || is_shared_type(&it.ty)
}

fn is_shared_type(ty: &Type) -> bool {
    let Some(path) = type_path(ty) else {
        return false;
    };
    let Some(name) = path.last() else {
        return false;
    };
    let is_shared = SHARED.contains(&name.as_str()) || name.starts_with("Atomic");
    is_shared && !holds_constant(ty)
}

fn holds_constant(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let last = path.path.segments.last();
    let Some(syn::PathArguments::AngleBracketed(arguments)) = last.map(|last| &last.arguments)
    else {
        return false;
    };
    arguments.args.iter().any(|argument| {
        let syn::GenericArgument::Type(ty) = argument else {
            return false;
        };
        let name = type_path(ty).and_then(|path| path.last().cloned());
        name.is_some_and(|name| CONSTANT.contains(&name.as_str()))
    })
}
