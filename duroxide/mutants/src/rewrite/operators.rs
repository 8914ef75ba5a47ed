//! Operators that may be others.

use syn::spanned::Spanned as _;

use crate::list::Genre;
use crate::rewrite::{Rewriting, on};

/// Whether a condition binds names: these end with the condition, so it cannot be put into a block.
pub(super) fn has_let(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(it) => has_let(&it.left) || has_let(&it.right),
        syn::Expr::Paren(it) => has_let(&it.expr),
        _ => false,
    }
}

/// How operands are treated.
enum Kind {
    /// The right one may not be evaluated.
    Lazy,
    /// Both are only looked at.
    Comparison,
    /// The left one is a place that is changed.
    Assignment,
    /// Both are values.
    Value,
}

impl Kind {
    fn of(op: &syn::BinOp) -> Self {
        use syn::BinOp;
        match op {
            BinOp::And(_) | BinOp::Or(_) => Self::Lazy,
            BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_) => Self::Comparison,
            BinOp::Add(_)
            | BinOp::Sub(_)
            | BinOp::Mul(_)
            | BinOp::Div(_)
            | BinOp::Rem(_)
            | BinOp::BitXor(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::Shl(_)
            | BinOp::Shr(_) => Self::Value,
            _ => Self::Assignment,
        }
    }
}

impl Rewriting<'_> {
    pub(super) fn binary(&mut self, expr: &syn::ExprBinary) {
        let mutants = self.here(expr.op.span(), Genre::Binary);
        let Some(first) = mutants.first() else { return };
        if has_let(&expr.left) || has_let(&expr.right) {
            self.fate.wrong.extend(mutants.iter().map(|it| it.id));
            return;
        }
        let whole = expr.span().byte_range();
        let sign = expr.op.span().byte_range();
        let op = self.source(sign.clone());
        // Numbered, so that names of nested ones differ.
        let (l, r) = (format!("l_{}", first.id), format!("r_{}", first.id));
        let either = |value: &dyn Fn(&str) -> String| {
            let other = |it: &&_| format!("if {} {{ {} }} else ", on(it), value(&it.replacement));
            mutants.iter().map(other).collect::<String>()
        };
        match Kind::of(&expr.op) {
            // The operands of `&&` and `||` drop what they need for a moment by themselves; so does
            // a `let`, and so does the end of a block. The mutant asks the other question of the left one.
            Kind::Lazy => {
                if mutants.len() > 1 {
                    return;
                }
                let asked = if op == "&&" { "!=" } else { "==" };
                let before = format!("({{ let {l}: bool = ");
                let behind = format!(" }} else {{ {l} }} }})");
                self.edits.around(whole, &before, &behind);
                let then = format!("; if {l} {asked} {} {{ ", on(first));
                self.edits.instead(sign, &then);
            }
            Kind::Comparison => {
                let other = either(&|op| format!("{l} {op} {r}"));
                let behind = format!(")) {{ ({l}, {r}) => {other}{{ {l} {op} {r} }} }})");
                self.edits.around(whole, "(match (&(", &behind);
                self.edits.instead(sign, "), &(");
            }
            Kind::Value => {
                let other = either(&|op| format!("{l} {op} {r}"));
                let behind = format!(")) {{ ({l}, {r}) => {other}{{ {l} {op} {r} }} }})");
                self.edits.around(whole, "(match ((", &behind);
                self.edits.instead(sign, "), (");
            }
            Kind::Assignment => {
                let place = self.source(expr.left.span().byte_range());
                let value = self.source(expr.right.span().byte_range());
                let other = either(&|op| format!("{place} {op} {value}"));
                let before = format!("{{ {other}{{ ");
                self.edits.around(whole, &before, " } }");
            }
        }
        self.mark(&mutants);
    }

    pub(super) fn unary(&mut self, expr: &syn::ExprUnary) {
        let mutants = self.here(expr.op.span(), Genre::Unary);
        let Some(first) = mutants.first() else { return };
        let whole = expr.span().byte_range();
        match expr.op {
            syn::UnOp::Not(_) => {
                let behind = format!(" ^ {})", on(first));
                self.edits.around(whole, "(", &behind);
            }
            syn::UnOp::Neg(_) => {
                let v = format!("v_{}", first.id);
                let behind = format!(" {{ {v} => if {} {{ {v} }} else {{ -{v} }} }})", on(first));
                self.edits.around(whole, "(match ", &behind);
                self.edits.instead(expr.op.span().byte_range(), "");
            }
            _ => return,
        }
        self.mark(&mutants);
    }
}
