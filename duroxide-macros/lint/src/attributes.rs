//! The attributes of an expression, of whatever kind it is.

use syn::{Attribute, Expr};

macro_rules! kinds {
    ($expr:ident: $($kind:ident)*) => {
        match $expr {
            $(Expr::$kind(it) => &it.attrs,)*
            _ => &[],
        }
    };
}

/// Those that stand on the expression itself.
pub fn of(expr: &Expr) -> &[Attribute] {
    kinds!(expr: Array Assign Async Await Binary Block Break Call Cast Closure Const Continue Field
        ForLoop Group If Index Infer Let Lit Loop Macro Match MethodCall Paren Path Range RawAddr Reference
        Repeat Return Struct Try TryBlock Tuple Unary Unsafe While Yield)
}
