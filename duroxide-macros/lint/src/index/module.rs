//! A source file as facts: strings and lines. Tokens are not kept, for they belong to one expansion.

use std::collections::BTreeMap;
use std::sync::Arc;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Block, ImplItem, Item, ItemMod, Meta, Signature, TraitItem, Type};

use crate::body::Imports;
use crate::index::function::{self, Bodies, Fact, Function};
use crate::index::skim;
use crate::{read, shared, tokens};

/// A module: a file, or a part of one.
#[derive(Debug, Default)]
pub struct Module {
    /// Its `use` items.
    pub imports: Imports,
    /// Its items by name.
    pub items: BTreeMap<String, Vec<Kind>>,
    /// The methods and associated functions, with the last name of their type.
    pub methods: Vec<(String, Arc<Function>)>,
    /// The methods that traits ask for without an attribute of ours and without a body.
    pub declared: Vec<String>,
    /// The lines of a module inside of a file.
    pub lines: (usize, usize),
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A function.
    Function(Arc<Function>),
    /// A static that instances share.
    Shared,
    /// A module.
    Module(Declared),
    /// Macro rules.
    Macro(Arc<Rules>),
    /// A type that stands for another one.
    Alias(Vec<String>),
    /// Another type.
    Type,
    /// Something that does nothing by itself.
    Other,
}

/// A module where it is declared.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its items, if they stand there.
    pub inline: Option<Arc<Module>>,
    /// The file that an attribute gives.
    pub path: Option<String>,
    /// Whether it is there under a condition only.
    pub is_conditional: bool,
}

/// Macro rules.
#[derive(Debug)]
pub struct Rules {
    /// What their tokens name.
    pub facts: Vec<Fact>,
    /// Whether they await something.
    pub awaits: bool,
}

impl Module {
    /// The facts of a file; those of bodies are read when somebody asks for them.
    ///
    /// # Errors
    ///
    /// If it is no Rust; what stands in bodies does not count.
    pub fn parse(text: &str) -> syn::Result<Self> {
        let skimmed = skim::skim(&Arc::from(text));
        let mut bodies = Bodies::left_out(skimmed.functions);
        if let Ok(file) = syn::parse_file(&skimmed.text) {
            let module = Self::of(&file.items, &mut bodies);
            if bodies.are_complete() {
                return Ok(module);
            }
        }
        Self::parse_whole(text)
    }

    /// The facts of a file, with those of all bodies.
    fn parse_whole(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        Ok(Self::of(&file.items, &mut Bodies::in_place()))
    }

    fn of(items: &[Item], bodies: &mut Bodies) -> Self {
        let mut module = Self {
            lines: (0, usize::MAX),
            ..Self::default()
        };
        for item in items {
            module.add(item, bodies);
        }
        module
    }

    fn put(&mut self, name: &syn::Ident, kind: Kind) {
        self.items
            .entry(name.unraw().to_string())
            .or_default()
            .push(kind);
    }

    fn add(&mut self, item: &Item, bodies: &mut Bodies) {
        match item {
            Item::Use(it) => self.imports.add(&it.tree),
            Item::Fn(it) => {
                let function = Function::of(&it.attrs, &it.sig, &it.block, None, bodies);
                self.put(&it.sig.ident, Kind::Function(Arc::new(function)));
            }
            Item::Mod(it) => self.put(&it.ident, module_kind(it, bodies)),
            Item::Static(it) => {
                let kind = if shared::is_shared(it) {
                    Kind::Shared
                } else {
                    Kind::Other
                };
                self.put(&it.ident, kind);
            }
            Item::Type(it) => {
                let alias = read::type_path(&it.ty);
                self.put(&it.ident, alias.map_or(Kind::Type, Kind::Alias));
            }
            Item::Struct(it) => self.put(&it.ident, Kind::Type),
            Item::Enum(it) => self.put(&it.ident, Kind::Type),
            Item::Union(it) => self.put(&it.ident, Kind::Type),
            Item::Const(it) => self.put(&it.ident, Kind::Other),
            Item::Trait(it) => {
                self.put(&it.ident, Kind::Type);
                for item in &it.items {
                    let TraitItem::Fn(method) = item else {
                        continue;
                    };
                    if let Some(block) = &method.default {
                        let ty = it.ident.to_string();
                        self.method(&ty, &method.attrs, &method.sig, block, bodies);
                    } else if function::annotation(&method.attrs, "").is_none()
                        && method.sig.asyncness.is_none()
                    {
                        self.declared.push(method.sig.ident.unraw().to_string());
                    }
                }
            }
            Item::Impl(it) if !is_harmless(it) => {
                let Some(name) = type_name(&it.self_ty) else {
                    return;
                };
                for item in &it.items {
                    if let ImplItem::Fn(method) = item {
                        self.method(&name, &method.attrs, &method.sig, &method.block, bodies);
                    }
                }
            }
            Item::Macro(it) => self.add_macro(it),
            _ => {}
        }
    }

    fn method(
        &mut self,
        ty: &str,
        attrs: &[Attribute],
        sig: &Signature,
        block: &Block,
        bodies: &mut Bodies,
    ) {
        let function = Function::of(attrs, sig, block, Some(ty.to_owned()), bodies);
        self.methods.push((ty.to_owned(), Arc::new(function)));
    }

    fn add_macro(&mut self, it: &syn::ItemMacro) {
        match &it.ident {
            Some(name) if it.mac.path.is_ident("macro_rules") => {
                let rules = Rules::of(&it.mac.tokens);
                self.put(name, Kind::Macro(Arc::new(rules)));
            }
            _ if it
                .mac
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "thread_local") =>
            {
                for name in statics_in(&it.mac.tokens) {
                    self.put(&name, Kind::Shared);
                }
            }
            _ => {}
        }
    }
}

impl Rules {
    fn of(stream: &TokenStream) -> Self {
        let facts = tokens::names(stream).into_iter().map(|(what, at)| Fact {
            what,
            line: at.into_iter().next().map_or(0, |it| it.span().start().line),
        });
        Self {
            facts: facts.collect(),
            awaits: has_await(stream),
        }
    }
}

fn has_await(stream: &TokenStream) -> bool {
    let mut tokens = stream.clone().into_iter();
    tokens.any(|token| match token {
        TokenTree::Group(group) => has_await(&group.stream()),
        TokenTree::Ident(word) => word == "await",
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn statics_in(stream: &TokenStream) -> Vec<syn::Ident> {
    let mut names = Vec::new();
    let mut tokens = stream.clone().into_iter();
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Ident(word) if word == "static")
            && let Some(TokenTree::Ident(name)) = tokens.next()
        {
            names.push(name);
        }
    }
    names
}

fn module_kind(it: &ItemMod, bodies: &mut Bodies) -> Kind {
    let path = it.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => {
            let text = pair.value.to_token_stream().to_string();
            Some(text.trim_matches('"').to_owned())
        }
        _ => None,
    });
    let inline = it.content.as_ref().map(|(_, items)| {
        let span = it.span();
        let mut module = Module::of(items, bodies);
        module.lines = (span.start().line, span.end().line);
        Arc::new(module)
    });
    Kind::Module(Declared {
        inline,
        path,
        is_conditional: it.attrs.iter().any(|it| it.path().is_ident("cfg")),
    })
}

fn type_name(ty: &Type) -> Option<String> {
    read::type_path(ty)?.pop()
}

/// Implementations that only show things.
fn is_harmless(it: &syn::ItemImpl) -> bool {
    let shown = it
        .trait_
        .as_ref()
        .and_then(|(path, _)| path.segments.last());
    shown.is_some_and(|last| {
        ["Debug", "Display", "Error", "Serialize", "Deserialize"]
            .contains(&last.ident.to_string().as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_becomes_facts() {
        let module = Module::parse(
            "use std::time::SystemTime as T;\n\
             pub fn stamp() -> u64 {\n    T::now();\n    1\n}\n\
             #[duroxide::orchestration(name = \"pay\", version = \"2.0.0\")]\n\
             async fn f(ctx: &OrchestrationContext) {}\n\
             static A: AtomicU64 = AtomicU64::new(0);\nstatic B: u8 = 1;\n\
             thread_local! { static C: Cell<u8> = Cell::new(1); }\n\
             mod inner { impl Rate { fn read(&self) { std::env::var(\"x\"); } } }\n\
             macro_rules! waits { ($x:expr) => { $x.await } }",
        )
        .unwrap();
        let [Kind::Function(stamp)] = module.items["stamp"].as_slice() else {
            panic!();
        };
        assert_eq!((stamp.line, stamp.facts()[0].line), (2, 3));
        assert!(stamp.runs_at_once);
        let [Kind::Function(f)] = module.items["f"].as_slice() else {
            panic!();
        };
        let annotation = f.annotation.clone().unwrap();
        assert_eq!(
            (annotation.name.as_str(), annotation.version.as_str()),
            ("pay", "2.0.0")
        );
        assert!(matches!(module.items["A"][0], Kind::Shared));
        assert!(matches!(module.items["B"][0], Kind::Other));
        assert!(matches!(module.items["C"][0], Kind::Shared));
        let [Kind::Module(inner)] = module.items["inner"].as_slice() else {
            panic!();
        };
        assert_eq!(inner.inline.clone().unwrap().methods[0].0, "Rate");
        assert!(matches!(&module.items["waits"][0], Kind::Macro(it) if it.awaits));
    }

    /// All that is known of a module but its lines: comments have none.
    fn shown(module: &Module) -> String {
        let mut text = format!("{:?} {:?}\n", module.imports, module.declared);
        let kinds = module
            .items
            .iter()
            .flat_map(|(name, kinds)| kinds.iter().map(move |kind| (name, kind)));
        text.extend(kinds.map(|(name, kind)| match kind {
            Kind::Function(function) => self::function(function),
            Kind::Module(Declared {
                inline: Some(inner),
                ..
            }) => format!("{name} {{\n{}}}\n", shown(inner)),
            other => format!("{name} {other:?}\n"),
        }));
        let methods = module.methods.iter();
        text.extend(methods.map(|(owner, method)| format!("{owner}: {}", function(method))));
        text
    }

    fn function(function: &Function) -> String {
        format!(
            "{:?}\n",
            (
                (&function.name, function.line, &function.self_type),
                (&function.annotation, function.runs_at_once, function.lines),
                (function.imports(), function.facts(), function.order_free()),
            )
        )
    }

    #[track_caller]
    fn check(text: &str) {
        let (left_out, whole) = (Module::parse(text), Module::parse_whole(text));
        match (left_out, whole) {
            (Ok(left_out), Ok(whole)) => assert_eq!(shown(&left_out), shown(&whole), "{text}"),
            (left_out, whole) => assert_eq!(left_out.is_ok(), whole.is_ok(), "{text}"),
        }
    }

    #[test]
    fn a_body_that_is_read_later_says_the_same() {
        for text in [
            "fn a() { b(); }\n/* } */ fn b(x: [u8; 2]) -> u8 { std::env::var(\"}\");\n for k in x.keys() {} }",
            "  pub(crate) const unsafe extern \"C\" fn größe(m: &HashMap<u8, u8>) -> u64 { m.values().sum() } fn b() {}",
            "impl A { fn a(&self) { use x::y; y() } }\ntrait T { fn a(); fn b(self: &Self) { c(); } fn d(); }",
            "macro_rules! m { ($a:expr) => { fn f() { g::h($a).await } } }\nthread_local! { static A: u8 = { fn f() { 1 } f() } }",
            "fn f() -> A<{ 1 + 1 }> { fn g() { h::i(); } g(); j() }",
            "struct A<const N: usize = { 1 }> { a: [u8; { fn f() { 2 } f() }] }\nenum B { C { d: fn(u8) -> u8 } = 1 }",
            "mod a { /// b\n mod b { fn c() { d(); } }\n }\nconst A: u8 = { fn f() { g() } f() };",
            "#!/bin/sh 'x\n#[a(fn b() { c })] fn d<'a>(e: &'a u8) -> ! { '{'; 'f: loop { g!{ } } }",
            "fn f() { g(",
            "fn union() { a() } union B { c: u8 } fn r#fn() { d() } fn e() where F: Fn() -> G { h() }",
        ] {
            check(text);
        }
    }

    #[test]
    fn sources_say_the_same_with_bodies_that_are_read_later() {
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "rs") {
                    check(&std::fs::read_to_string(path).unwrap());
                    files += 1;
                }
            }
        }
        assert!(files > 10, "{files}");
    }
}
