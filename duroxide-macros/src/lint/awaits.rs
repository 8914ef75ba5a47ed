//! `.await` in annotated functions, rewritten so that it takes durable futures only. The compiler
//! checks the types and complains at the user's own tokens.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Expr, ExprAwait, ExprCall, ExprForLoop, ExprMethodCall, ExprPath, Item,
    Local, Macro, Pat, Signature, Stmt, StmtMacro, Token, token,
};

use duroxide_lint::allow::{self, Allow};
use duroxide_lint::{attributes, macros, order};

use crate::lint::probes::{self, Known, Question};
use crate::lint::{opaque, place};

/// Rewrites the awaits and `async` blocks of a body, and asks about types on the way.
pub(super) struct Awaits {
    /// What was reported already.
    known: Known,
    /// The rules that are allowed around the node under way.
    allowed: Vec<String>,
    /// Whether what the node under way gives is used without regard to order.
    is_order_free: bool,
    /// Whether the type of the whole body makes the order of its result irrelevant.
    is_free_result: bool,
    /// The statics named in the block under way.
    statics: Vec<TokenStream>,
    /// Those that stand in the body: they were reported there.
    own_statics: Vec<String>,
}

impl Awaits {
    pub(super) fn new(known: Known, allowed: Vec<String>) -> Self {
        Self {
            known,
            allowed,
            is_order_free: false,
            is_free_result: false,
            statics: Vec::new(),
            own_statics: Vec::new(),
        }
    }

    /// The statements of the block, rewritten.
    pub(super) fn rewrite(&mut self, sig: &Signature, block: &mut Block) {
        self.is_free_result = order::is_free_result(sig, block);
        self.visit_block_mut(block);
    }
}

impl VisitMut for Awaits {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let before = self.allowed.len();
        self.allow(attributes::of(expr));
        let is_order_free = std::mem::take(&mut self.is_order_free);
        match expr {
            Expr::MethodCall(call) => self.method_call(call, is_order_free),
            Expr::Call(call) => self.call(call),
            _ => visit_mut::visit_expr_mut(self, expr),
        }
        match expr {
            Expr::Await(it) => checked(it),
            Expr::Async(it) => {
                let block = path("block", it.async_token.span);
                *expr = Expr::Verbatim(quote!(#block(#it)));
            }
            Expr::Verbatim(tokens) => *tokens = opaque::rewrite(tokens.clone()),
            Expr::MethodCall(it) => {
                if let Some(asked) = self.asked(it, is_order_free) {
                    *expr = Expr::Verbatim(asked);
                }
            }
            Expr::Path(it) => self.note_static(it),
            _ => {}
        }
        self.allowed.truncate(before);
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        let before = self.allowed.len();
        self.allow(&local.attrs);
        let is_order_free = order::is_free_local(local);
        self.visit_attributes_mut(&mut local.attrs);
        self.visit_pat_mut(&mut local.pat);
        if let Some(init) = &mut local.init {
            self.is_order_free = is_order_free;
            self.visit_local_init_mut(init);
        }
        self.allowed.truncate(before);
    }

    fn visit_expr_for_loop_mut(&mut self, it: &mut ExprForLoop) {
        let operand = it.expr.span();
        // Where it is walked through is asked once, here.
        let is_walk = matches!(&*it.expr, Expr::MethodCall(call) if order::is_walk(call));
        self.is_order_free = is_walk;
        self.visit_expr_mut(&mut it.expr);
        self.is_order_free = false;
        let has_order = matches!(&*it.expr, Expr::Range(_) | Expr::Array(_) | Expr::Lit(_));
        if !has_order && self.may_ask(Question::Walk, operand) {
            let value = it.expr.to_token_stream();
            *it.expr = Expr::Verbatim(probes::walked(&value, operand));
        }
        self.visit_attributes_mut(&mut it.attrs);
        self.visit_pat_mut(&mut it.pat);
        self.visit_block_mut(&mut it.body);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let around = std::mem::take(&mut self.statics);
        // Asked for the outermost block only.
        let is_free_result = std::mem::take(&mut self.is_free_result);
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter_mut().enumerate() {
            self.is_order_free = is_free_result && index == last;
            let may_drop = self.may_drop(stmt);
            self.visit_stmt_mut(stmt);
            if let Stmt::Expr(expr, Some(_)) = stmt
                && may_drop
            {
                let at = Span::mixed_site().located_at(expr.span());
                let allow = quote_spanned!(at=> #[allow(unused_must_use)]);
                *expr = Expr::Verbatim(quote!(#allow #expr));
            }
        }
        self.is_order_free = false;
        let asked = std::mem::replace(&mut self.statics, around);
        let head = asked
            .into_iter()
            .map(|it| Stmt::Expr(Expr::Verbatim(it), None));
        block.stmts.splice(0..0, head);
    }

    fn visit_stmt_macro_mut(&mut self, it: &mut StmtMacro) {
        let before = self.allowed.len();
        self.allow(&it.attrs);
        visit_mut::visit_stmt_macro_mut(self, it);
        self.allowed.truncate(before);
    }

    fn visit_macro_mut(&mut self, it: &mut Macro) {
        let rewritten = match macros::name(it).as_str() {
            _ if macros::quotes_only(it) => return,
            "join" if macros::may_be_ours(it) => self.joined(&it.tokens),
            "select" if macros::may_be_ours(it) => self.selected(&it.tokens),
            _ => macros::arguments(it).map(|mut arguments| {
                arguments.iter_mut().for_each(|it| self.visit_expr_mut(it));
                arguments.into_token_stream()
            }),
        };
        it.tokens = rewritten.unwrap_or_else(|| opaque::rewrite(it.tokens.clone()));
    }

    /// An item of its own is none of ours, except for macros that put their tokens here.
    fn visit_item_mut(&mut self, item: &mut Item) {
        match item {
            Item::Macro(it) if it.mac.path.is_ident("macro_rules") => {
                it.mac.tokens = opaque::rewrite(it.mac.tokens.clone());
            }
            Item::Static(it) => self.own_statics.push(it.ident.to_string()),
            _ => {}
        }
    }

    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        attributes.retain(|attribute| !allow::is_ours(attribute));
    }
}

impl Awaits {
    fn allow(&mut self, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|it| allow::is_ours(it)) {
            let allow = Allow::of(attribute).map(|it| it.ids).unwrap_or_default();
            self.allowed.extend(allow.iter().map(ToString::to_string));
        }
    }

    /// Whether what the statement gives may be dropped (DX0202): the compiler looks for that.
    fn may_drop(&self, stmt: &Stmt) -> bool {
        let Stmt::Expr(expr, Some(_)) = stmt else {
            return false;
        };
        let ours = attributes::of(expr).iter().filter(|it| allow::is_ours(it));
        let mut named = ours
            .filter_map(|it| Allow::of(it).ok())
            .flat_map(|it| it.ids);
        named.any(|id| id == "DX0202") || self.allowed.iter().any(|id| id == "DX0202")
    }

    fn may_ask(&self, question: Question, at: Span) -> bool {
        let is_allowed = self.allowed.iter().any(|id| id == question.id());
        !is_allowed && !self.known.contains(&place(at))
    }

    /// The receiver is used without regard to order if the whole is.
    fn method_call(&mut self, call: &mut ExprMethodCall, is_order_free: bool) {
        self.is_order_free = order::frees_receiver(call, is_order_free);
        self.visit_expr_mut(&mut call.receiver);
        self.is_order_free = false;
        call.args.iter_mut().for_each(|it| self.visit_expr_mut(it));
        self.visit_attributes_mut(&mut call.attrs);
    }

    /// `sorted(map.iter())` and `BTreeMap::from_iter(map)` bring what they get into order.
    fn call(&mut self, call: &mut ExprCall) {
        let brings_order = order::frees_arguments(call);
        self.visit_expr_mut(&mut call.func);
        for argument in &mut call.args {
            self.is_order_free = brings_order;
            self.visit_expr_mut(argument);
        }
        self.is_order_free = false;
        self.visit_attributes_mut(&mut call.attrs);
    }

    /// The call with a question beside it, if its name is one of those.
    fn asked(&self, call: &ExprMethodCall, is_order_free: bool) -> Option<TokenStream> {
        let at = call.method.span();
        if order::is_walk(call) && !is_order_free && self.may_ask(Question::Walk, at) {
            return Some(probes::walked(&call.to_token_stream(), at));
        }
        let question = match call.method.to_string().as_str() {
            "elapsed" => Question::Clock,
            "exists" | "try_exists" | "is_file" | "is_dir" | "metadata" | "canonicalize"
            | "read_dir" => Question::File,
            _ => return None,
        };
        let asks = call.args.is_empty() && is_place(&call.receiver) && self.may_ask(question, at);
        asks.then(|| {
            let asked = probes::about(question, &call.receiver.to_token_stream(), at);
            quote!(({ #asked #call }))
        })
    }

    fn note_static(&mut self, it: &ExprPath) {
        let names: Vec<_> = it
            .path
            .segments
            .iter()
            .map(|it| it.ident.to_string())
            .collect();
        let Some((name, modules)) = names.split_last() else {
            return;
        };
        let has_case = |name: &str, is_right: fn(char) -> bool| {
            name.chars()
                .all(|c| is_right(c) || c.is_numeric() || c == '_')
        };
        let may_be_static = it.qself.is_none()
            && name.len() > 1
            && has_case(name, char::is_uppercase)
            && modules
                .iter()
                .all(|module| has_case(module, char::is_lowercase))
            && it
                .path
                .segments
                .last()
                .is_some_and(|last| last.arguments.is_none())
            && !self.own_statics.contains(name);
        if may_be_static && self.may_ask(Question::Share, it.path.span()) {
            let at = it
                .path
                .segments
                .last()
                .map_or_else(Span::call_site, |last| last.ident.span());
            self.statics
                .push(probes::about(Question::Share, &it.to_token_stream(), at));
        }
    }

    /// `join!(a, b)`: each branch is awaited.
    fn joined(&mut self, tokens: &TokenStream) -> Option<TokenStream> {
        let mut branches = macros::expressions(tokens)?;
        for branch in &mut branches {
            self.visit_expr_mut(branch);
            *branch = awaited(branch);
        }
        Some(branches.into_token_stream())
    }

    /// `select! { pattern = future => body, .. }`: each future is awaited.
    fn selected(&mut self, tokens: &TokenStream) -> Option<TokenStream> {
        let branches = |input: ParseStream<'_>| {
            let mut out = TokenStream::new();
            while !input.is_empty() {
                Pat::parse_multi_with_leading_vert(input)?.to_tokens(&mut out);
                input.parse::<Token![=]>()?.to_tokens(&mut out);
                let mut future: Expr = input.parse()?;
                self.visit_expr_mut(&mut future);
                awaited(&future).to_tokens(&mut out);
                input.parse::<Token![=>]>()?.to_tokens(&mut out);
                let mut body = if input.peek(token::Brace) {
                    Expr::Block(input.parse()?)
                } else {
                    input.parse()?
                };
                self.visit_expr_mut(&mut body);
                body.to_tokens(&mut out);
                input.parse::<Option<Token![,]>>()?.to_tokens(&mut out);
            }
            Ok(out)
        };
        branches.parse2(tokens.clone()).ok()
    }
}

/// `operand.await` as `durable_await(operand).await`.
fn checked(it: &mut ExprAwait) {
    let function = path("durable_await", it.await_token.span);
    let mut operand = &*it.base;
    while let Expr::Paren(inner) = operand
        && inner.attrs.is_empty()
    {
        operand = &inner.expr;
    }
    *it.base = Expr::Verbatim(quote!(#function(#operand)));
}

/// A branch that a macro awaits.
fn awaited(branch: &Expr) -> Expr {
    let function = path("durable_await", branch.span());
    Expr::Verbatim(quote!(#function(#branch)))
}

/// One of our functions, shown where the user's token stands, and for lints not the user's.
fn path(name: &str, at: Span) -> TokenStream {
    let at = Span::mixed_site().located_at(at);
    let name = proc_macro2::Ident::new(name, at);
    quote_spanned!(at=> ::duroxide::__private::#name)
}

/// Whether naming the expression twice does nothing twice.
fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(inner) => is_place(&inner.expr),
        _ => false,
    }
}
