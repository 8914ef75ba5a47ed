//! Walks through collections, and which of them give the same in whatever order they happen (DX0105).
//! Whoever goes through a body asks here on the way down: the macros and the checker see the same.

use syn::{
    Block, Expr, ExprCall, ExprMethodCall, GenericArgument, Local, Pat, ReturnType, Signature,
    Stmt, Type,
};

/// Methods that walk through a collection.
pub const WALKS: &[&str] = &[
    "difference",
    "drain",
    "intersection",
    "into_iter",
    "into_keys",
    "into_values",
    "iter",
    "iter_mut",
    "keys",
    "symmetric_difference",
    "union",
    "values",
    "values_mut",
];

/// Methods that walk through a collection and show the order to nobody but their own closure.
pub const FILTERS: &[&str] = &["extract_if", "retain"];

/// Whether the method walks through its receiver.
pub fn is_walk(call: &ExprMethodCall) -> bool {
    WALKS.contains(&call.method.to_string().as_str())
}

/// Whether the receiver of this call may come in any order; `is_free` says it of what the call gives.
pub fn frees_receiver(call: &ExprMethodCall, is_free: bool) -> bool {
    let name = call.method.to_string();
    let name = name.as_str();
    let typed = call.turbofish.as_ref().is_some_and(|it| {
        let mut types = it.args.iter();
        types.any(|it| matches!(it, GenericArgument::Type(ty) if is_free_type(ty)))
    });
    DISREGARDING.contains(&name)
        || (MAKING.contains(&name) && typed)
        || (is_free && !CHOOSING.contains(&name))
}

/// Whether the arguments of this call may come in any order: `sorted(map.iter())`,
/// `BTreeMap::from_iter(map)`.
pub fn frees_arguments(call: &ExprCall) -> bool {
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    let mut names = path
        .path
        .segments
        .iter()
        .rev()
        .map(|it| it.ident.to_string());
    let last = names.next().unwrap_or_default();
    let owner = names.next().unwrap_or_default();
    last == "sorted" || owner.starts_with("BTree")
}

/// Whether the variable's declared type makes the order of what it is made of irrelevant:
/// `let total: u64 = map.values().sum();`.
pub fn is_free_local(local: &Local) -> bool {
    match (&local.pat, &local.init) {
        (Pat::Type(typed), Some(init)) => makes(&init.expr, &typed.ty),
        _ => false,
    }
}

/// Whether the last expression of that body is of a type that makes the order of what it is made of
/// irrelevant.
pub fn is_free_result(signature: &Signature, body: &Block) -> bool {
    match (&signature.output, body.stmts.last()) {
        (ReturnType::Type(_, ty), Some(Stmt::Expr(last, None))) => makes(last, ty),
        _ => false,
    }
}

/// Whether the expression gathers something into that type.
fn makes(expr: &Expr, ty: &Type) -> bool {
    matches!(expr, Expr::MethodCall(call) if MAKING.contains(&call.method.to_string().as_str()))
        && is_free_type(ty)
}

/// What they give is the same in any order.
const DISREGARDING: &[&str] = &["all", "any", "count", "is_empty", "len", "max", "min"];

/// What they give depends on the type they make.
const MAKING: &[&str] = &["collect", "product", "sum"];

/// They take what comes first, or number what comes: behind them nothing is free of order.
const CHOOSING: &[&str] = &[
    "array_chunks",
    "chunks",
    "enumerate",
    "find",
    "find_map",
    "fold",
    "last",
    "map_while",
    "next",
    "nth",
    "position",
    "reduce",
    "scan",
    "skip",
    "skip_while",
    "step_by",
    "take",
    "take_while",
    "try_fold",
    "zip",
];

/// Collections that bring what they get into their own order, or none, and numbers that add up to the
/// same in any order.
fn is_free_type(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        let name = last.ident.to_string();
        let is_collection =
            name.starts_with("BTree") || name.starts_with("Hash") || name == "BinaryHeap";
        is_collection || INTEGERS.contains(&name.as_str())
    })
}

const INTEGERS: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: &str, is_free: bool, expected: bool) {
        let call: ExprMethodCall = syn::parse_str(call).unwrap();
        assert_eq!(frees_receiver(&call, is_free), expected);
    }

    #[test]
    fn what_a_chain_ends_in_decides() {
        check("m.values().count()", false, true);
        check("m.values().sum::<u64>()", false, true);
        check("m.iter().collect::<BTreeMap<_, _>>()", false, true);
        check("m.values().sum::<f64>()", false, false);
        check("m.iter().collect::<Vec<_>>()", false, false);
        check("m.iter().map(f)", true, true);
        check("m.iter().take(2)", true, false);
        check("m.values().next()", true, false);
    }

    #[test]
    fn a_declared_type_decides_for_what_gathers() {
        let is_free = |text: &str| {
            let Stmt::Local(local) = syn::parse_str(text).unwrap() else {
                panic!("{text}");
            };
            is_free_local(&local)
        };
        assert!(is_free("let total: u64 = m.values().sum();"));
        assert!(is_free("let all: BTreeSet<_> = m.keys().collect();"));
        assert!(!is_free("let first: u64 = m.values().next().unwrap_or(0);"));
        assert!(!is_free("let all: Vec<_> = m.keys().collect();"));
        assert!(!is_free("let total = m.values().sum();"));
    }
}
