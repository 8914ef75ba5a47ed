//! Reads a body: one walk through its tree, and through the tokens of macros that cannot be parsed.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Expr, ExprCall, ExprCast, ExprClosure, ExprForLoop, ExprLet, ExprLit,
    ExprLoop, ExprMethodCall, ExprPath, ExprUnsafe, ExprWhile, FnArg, Item, ItemStatic, ItemUse,
    Lit, LitStr, Local, Macro, Pat, PatIdent, PatType, Path, Signature, Type,
};

use crate::allow::{self, Allow};
use crate::body::{Body, Site, What};
use crate::{attributes, loops, macros, names, order, shared, tokens};

/// Reads the body of a function with that signature. `whole` are allowances for all of it.
pub fn read(signature: &Signature, block: &Block, whole: Vec<Allow>) -> Body {
    let mut reader = Reader {
        active: (0..whole.len()).collect(),
        body: Body {
            allows: whole,
            ..Body::default()
        },
        types: BTreeMap::new(),
        bound: BTreeSet::new(),
        functions: BTreeSet::new(),
        is_order_free: false,
        is_free_result: false,
    };
    for input in &signature.inputs {
        if let FnArg::Typed(typed) = input {
            reader.declare(&typed.pat, Some(&typed.ty));
            reader.visit_pat(&typed.pat);
        }
    }
    let mut bindings = Bindings(&mut reader);
    bindings.visit_block(block);
    reader.is_free_result = order::is_free_result(signature, block);
    reader.visit_block(block);
    reader.body
}

struct Reader {
    body: Body,
    /// The allowances around the node under way.
    active: Vec<usize>,
    /// The local names, each with its type if the text tells.
    types: BTreeMap<String, Option<Vec<String>>>,
    /// The local names bound so far: in `let rate = rate(3)` a function of that name is called.
    bound: BTreeSet<String>,
    /// The local names that stand for a closure or a path: what they do is read where they are made.
    functions: BTreeSet<String>,
    /// Whether what the node under way gives is used without regard to order.
    is_order_free: bool,
    /// Whether the type of the whole body makes the order of its result irrelevant.
    is_free_result: bool,
}

impl Reader {
    fn push(&mut self, what: What, at: impl ToTokens) {
        self.body.sites.push(Site {
            what,
            at: at.into_token_stream(),
            allows: self.active.clone(),
        });
    }

    fn form(&mut self, id: &'static str, subject: &str, at: impl ToTokens) {
        self.push(What::Form(id, subject.to_owned()), at);
    }

    /// Walks below a node with the allowances that stand on it.
    fn below(
        &mut self,
        attributes: &[Attribute],
        node: &impl Spanned,
        walk: impl FnOnce(&mut Self),
    ) {
        let before = self.active.len();
        for attribute in attributes.iter().filter(|it| allow::is_ours(it)) {
            match Allow::of(attribute) {
                Ok(allow) => {
                    let (index, span) = (self.body.allows.len(), node.span());
                    self.active.push(index);
                    let lines = (index, span.start().line, span.end().line);
                    self.body.covered.push(lines);
                    self.body.allows.push(allow);
                }
                Err(invalid) => self.body.invalid.extend(invalid),
            }
        }
        walk(self);
        self.active.truncate(before);
    }

    fn declare(&mut self, pat: &Pat, ty: Option<&Type>) {
        match pat {
            Pat::Ident(name) => {
                let ty = ty.and_then(type_path);
                let known = self
                    .types
                    .entry(name.ident.to_string())
                    .or_insert(ty.clone());
                // Two bindings of one name with different types: nobody knows.
                if *known != ty {
                    *known = None;
                }
            }
            Pat::Type(typed) => self.declare(&typed.pat, Some(&typed.ty)),
            Pat::Paren(inner) => self.declare(&inner.pat, ty),
            _ => Names(self).visit_pat(pat),
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.bound.contains(name)
    }

    fn path(&mut self, path: Vec<String>, at: impl ToTokens) {
        let is_local = matches!(path.as_slice(), [only] if self.is_local(only));
        if !is_local && !path.is_empty() {
            self.push(What::Path(path), at);
        }
    }

    /// The type of a receiver, if the text tells.
    fn receiver(&self, expr: &Expr) -> Option<Vec<String>> {
        match expr {
            Expr::Paren(inner) => self.receiver(&inner.expr),
            Expr::Reference(inner) => self.receiver(&inner.expr),
            Expr::Path(path) if path.path.is_ident("self") => Some(vec!["Self".to_owned()]),
            Expr::Path(path) => {
                let name = path.path.get_ident()?.to_string();
                match self.types.get(&name) {
                    Some(known) => known.clone(),
                    // A unit struct is its own value.
                    None => is_type_name(&name).then(|| vec![name]),
                }
            }
            Expr::MethodCall(call) if call.method == "clone" => self.receiver(&call.receiver),
            other => made_type(other),
        }
    }

    fn walk(&mut self, expr: &Expr, at: impl ToTokens) {
        self.push(What::Walk(self.receiver(expr)), at);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let is_order_free = std::mem::take(&mut self.is_order_free);
        self.below(attributes::of(expr), expr, |reader| match expr {
            Expr::MethodCall(call) => reader.method_call(call, is_order_free),
            Expr::Call(call) => reader.call(call),
            _ => visit::visit_expr(reader, expr),
        });
    }

    fn visit_block(&mut self, block: &'ast Block) {
        // Asked for the outermost block only.
        let is_free_result = std::mem::take(&mut self.is_free_result);
        let last = block.stmts.len().saturating_sub(1);
        for (index, stmt) in block.stmts.iter().enumerate() {
            self.is_order_free = is_free_result && index == last;
            self.visit_stmt(stmt);
        }
        self.is_order_free = false;
    }

    fn visit_local(&mut self, local: &'ast Local) {
        self.below(&local.attrs, local, |reader| {
            if let Some(init) = &local.init {
                reader.is_order_free = order::is_free_local(local);
                reader.visit_local_init(init);
            }
            reader.visit_pat(&local.pat);
        });
    }

    fn visit_expr_let(&mut self, it: &'ast ExprLet) {
        self.visit_expr(&it.expr);
        self.visit_pat(&it.pat);
    }

    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        self.bound.insert(it.ident.to_string());
        visit::visit_pat_ident(self, it);
    }

    fn visit_stmt_macro(&mut self, it: &'ast syn::StmtMacro) {
        self.below(&it.attrs, it, |reader| reader.visit_macro(&it.mac));
    }

    fn visit_expr_path(&mut self, it: &'ast ExprPath) {
        let mut names = Vec::new();
        if let Some(qself) = &it.qself
            && qself.position == 0
        {
            names.extend(type_path(&qself.ty).unwrap_or_default());
        }
        names.extend(segments(&it.path));
        self.path(names, it);
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.walk(&it.expr, &it.expr);
        self.visit_expr(&it.expr);
        self.visit_pat(&it.pat);
        self.visit_block(&it.body);
    }

    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        if let Some(asyncness) = &it.asyncness {
            self.form("DX0001", "the future of an `async` closure", asyncness);
        }
        visit::visit_expr_closure(self, it);
    }

    fn visit_expr_unsafe(&mut self, it: &'ast ExprUnsafe) {
        self.form("DX0117", "`unsafe`", it.unsafe_token);
        visit::visit_expr_unsafe(self, it);
    }

    fn visit_expr_cast(&mut self, it: &'ast ExprCast) {
        if matches!(&*it.ty, Type::Ptr(_)) {
            self.form("DX0116", "an address", &it.ty);
        }
        visit::visit_expr_cast(self, it);
    }

    fn visit_expr_loop(&mut self, it: &'ast ExprLoop) {
        if loops::is_endless(&it.body) {
            self.form("DX0203", "this loop", it.loop_token);
        }
        visit::visit_expr_loop(self, it);
    }

    fn visit_expr_while(&mut self, it: &'ast ExprWhile) {
        if loops::is_true(&it.cond) && loops::is_endless(&it.body) {
            self.form("DX0203", "this loop", it.while_token);
        }
        visit::visit_expr_while(self, it);
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        self.push(What::Macro(segments(&it.path)), &it.path);
        if macros::quotes_only(it) {
            return;
        }
        if macros::prints_address(it) {
            self.form("DX0116", "an address", &it.path);
        }
        match macros::arguments(it) {
            Some(arguments) => {
                for argument in &arguments {
                    self.visit_expr(argument);
                }
            }
            None => self.opaque(&it.tokens),
        }
    }

    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Use(it) => self.visit_item_use(it),
            Item::Static(it) => self.visit_item_static(it),
            Item::Macro(it) if it.mac.path.is_ident("macro_rules") => self.opaque(&it.mac.tokens),
            Item::Macro(it) => self.visit_macro(&it.mac),
            Item::Fn(it) => {
                visit::visit_signature(self, &it.sig);
                self.visit_block(&it.block);
            }
            // What they do happens elsewhere.
            _ => {}
        }
    }

    fn visit_item_use(&mut self, it: &'ast ItemUse) {
        self.body.imports.add(&it.tree);
    }

    fn visit_item_static(&mut self, it: &'ast ItemStatic) {
        if shared::is_shared(it) {
            self.form("DX0107", &format!("`{}`", it.ident), &it.ident);
        }
    }

    // Types do nothing by themselves.
    fn visit_type(&mut self, _: &'ast Type) {}
}

impl Reader {
    /// What it gives is used without regard to order, or not; the receiver is if the call allows it.
    fn method_call(&mut self, it: &ExprMethodCall, is_order_free: bool) {
        let name = it.method.unraw().to_string();
        if order::is_walk(it) {
            if is_order_free {
                let start = it.method.span().start();
                self.body.order_free.push((start.line, start.column + 1));
            } else {
                self.walk(&it.receiver, &it.method);
            }
        }
        let receiver = self.receiver(&it.receiver);
        if order::FILTERS.contains(&name.as_str()) {
            self.push(What::Filter(receiver.clone()), &it.method);
        }
        if let Some(text) = names::text_of(&name).and_then(|index| literal(it, index)) {
            let (method, name) = (name.clone(), text.value());
            self.push(What::Called { method, name }, text);
        }
        self.push(What::Method { name, receiver }, &it.method);
        self.is_order_free = order::frees_receiver(it, is_order_free);
        self.visit_expr(&it.receiver);
        self.is_order_free = false;
        it.args.iter().for_each(|it| self.visit_expr(it));
    }

    /// Whether what is called is read elsewhere: it is an item, or a closure of this body.
    fn is_followed(&self, called: &Expr) -> bool {
        match called {
            Expr::Path(it) => it.path.get_ident().is_none_or(|name| {
                let name = name.to_string();
                !self.is_local(&name) || self.functions.contains(&name)
            }),
            Expr::Paren(it) => self.is_followed(&it.expr),
            Expr::Closure(_) => true,
            _ => false,
        }
    }

    fn call(&mut self, it: &ExprCall) {
        let is_order_free = order::frees_arguments(it);
        if !self.is_followed(&it.func) {
            let text = it.func.to_token_stream().to_string().replace(' ', "");
            self.push(What::Opaque(format!("`{text}(..)`")), &it.func);
        }
        self.visit_expr(&it.func);
        for argument in &it.args {
            self.is_order_free = is_order_free;
            self.visit_expr(argument);
        }
    }
}

impl Reader {
    fn opaque(&mut self, stream: &TokenStream) {
        for (what, at) in tokens::names(stream) {
            match what {
                What::Path(path) => self.path(path, at),
                other => self.push(other, at),
            }
        }
    }
}

/// The names that patterns of the body bind.
struct Bindings<'a>(&'a mut Reader);

impl<'ast> Visit<'ast> for Bindings<'_> {
    fn visit_local(&mut self, local: &'ast Local) {
        let init = local.init.as_ref().map(|init| &*init.expr);
        let made = init.and_then(made_type);
        if let (Pat::Ident(name), Some(Expr::Closure(_) | Expr::Path(_))) = (&local.pat, init) {
            self.0.functions.insert(name.ident.to_string());
        }
        match (&local.pat, made) {
            (Pat::Ident(name), Some(made)) => {
                self.0.types.insert(name.ident.to_string(), Some(made));
            }
            (pat, _) => self.0.declare(pat, None),
        }
        visit::visit_local(self, local);
    }

    fn visit_pat_type(&mut self, typed: &'ast PatType) {
        self.0.declare(&typed.pat, Some(&typed.ty));
    }

    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        self.0.types.entry(it.ident.to_string()).or_insert(None);
    }
}

struct Names<'a>(&'a mut Reader);

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_pat_ident(&mut self, it: &'ast PatIdent) {
        self.0.types.insert(it.ident.to_string(), None);
    }
}

/// The argument at that place, if it is a text.
fn literal(call: &ExprMethodCall, index: usize) -> Option<&LitStr> {
    match call.args.get(index)? {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

/// The names of a path, without generics.
pub(crate) fn segments(path: &Path) -> Vec<String> {
    let names = path.segments.iter();
    names.map(|it| it.ident.unraw().to_string()).collect()
}

/// The type behind references, if it is a path.
pub(crate) fn type_path(ty: &Type) -> Option<Vec<String>> {
    match ty {
        Type::Reference(reference) => type_path(&reference.elem),
        Type::Paren(inner) => type_path(&inner.elem),
        Type::Group(inner) => type_path(&inner.elem),
        Type::Path(path) if path.qself.is_none() => Some(segments(&path.path)),
        _ => None,
    }
}

/// The type that an expression makes, if it says so: `Type { .. }`, `Type::new(..)`.
fn made_type(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Struct(it) => Some(segments(&it.path)),
        Expr::Reference(it) => made_type(&it.expr),
        Expr::Call(ExprCall { func, .. }) => {
            let Expr::Path(path) = &**func else {
                return None;
            };
            let mut names = segments(&path.path);
            let made = names.pop()?;
            let makes_itself = ["new", "default", "from", "with_capacity"].contains(&made.as_str());
            // What else there is may give something else.
            (makes_itself && is_type_name(names.last()?)).then_some(names)
        }
        _ => None,
    }
}

fn is_type_name(name: &str) -> bool {
    name.starts_with(|it: char| it.is_uppercase())
}
