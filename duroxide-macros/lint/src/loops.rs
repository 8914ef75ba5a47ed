//! Loops that ask for durable operations and never end (DX0203).

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprAsync, ExprAwait, ExprBreak, ExprClosure, ExprForLoop, ExprLoop, ExprReturn,
    ExprWhile, Item, Lit, Macro, Path,
};

use crate::macros;

/// Whether the condition is `true`.
pub(crate) fn is_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Lit(it) if matches!(&it.lit, Lit::Bool(value) if value.value))
}

/// Whether the loop with this body awaits something, and is never left.
pub(crate) fn is_endless(body: &Block) -> bool {
    let mut search = Search::default();
    search.visit_block(body);
    search.awaits && !search.leaves
}

#[derive(Default)]
struct Search {
    awaits: bool,
    leaves: bool,
    /// How many loops deeper.
    depth: usize,
}

impl Search {
    fn deeper(&mut self, walk: impl FnOnce(&mut Self)) {
        self.depth += 1;
        walk(self);
        self.depth -= 1;
    }

    fn tokens(&mut self, tokens: &TokenStream) {
        for token in tokens.clone() {
            match token {
                TokenTree::Group(group) => self.tokens(&group.stream()),
                TokenTree::Ident(word) => {
                    self.awaits |= word == "await";
                    self.leaves |= word == "break" || word == "return" || word == "continue_as_new";
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr_await(&mut self, it: &'ast ExprAwait) {
        self.awaits = true;
        visit::visit_expr_await(self, it);
    }

    fn visit_expr_break(&mut self, it: &'ast ExprBreak) {
        self.leaves |= self.depth == 0 || it.label.is_some();
        visit::visit_expr_break(self, it);
    }

    fn visit_expr_return(&mut self, it: &'ast ExprReturn) {
        self.leaves = true;
        visit::visit_expr_return(self, it);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let last = path.segments.last();
        self.leaves |= last.is_some_and(|last| last.ident == "continue_as_new");
        visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, it: &'ast syn::ExprMethodCall) {
        self.leaves |= it.method.to_string().starts_with("continue_as_new");
        visit::visit_expr_method_call(self, it);
    }

    fn visit_expr_loop(&mut self, it: &'ast ExprLoop) {
        self.deeper(|search| visit::visit_expr_loop(search, it));
    }

    fn visit_expr_while(&mut self, it: &'ast ExprWhile) {
        self.deeper(|search| visit::visit_expr_while(search, it));
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.deeper(|search| visit::visit_expr_for_loop(search, it));
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        let name = macros::name(it);
        self.awaits |= name == "select" || name == "join";
        self.tokens(&it.tokens);
    }

    // What is left there is not the loop.
    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}
    fn visit_item(&mut self, _: &'ast Item) {}
}

#[cfg(test)]
mod tests {
    use super::is_endless;

    #[track_caller]
    fn check(body: &str, expected: bool) {
        assert_eq!(
            is_endless(&syn::parse_str(body).unwrap()),
            expected,
            "{body}"
        );
    }

    #[test]
    fn a_loop_that_awaits_has_to_be_left() {
        check("{ a.await; }", true);
        check("{ a.await?; loop { break; } }", true);
        check("{ a.await; f(|| return 1); }", true);
        check("{ select! { x = a => {} } }", true);
        check("{ a(); }", false);
        check("{ a.await; if b { break; } }", false);
        check("{ 'x: loop { a.await; break 'x; } }", false);
        check("{ a.await; return 1; }", false);
        check("{ a.await; again::continue_as_new(ctx, 1).await }", false);
        check("{ a.await; ctx.continue_as_new(1).await }", false);
        check("{ select! { x = a => break, y = b => {} } }", false);
    }
}
