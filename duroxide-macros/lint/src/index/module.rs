//! A source file as facts: strings and lines. Tokens are not kept, for they belong to one expansion.

use std::collections::BTreeMap;
use std::sync::Arc;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Block, ImplItem, Item, ItemMod, Meta, Signature, TraitItem, Type};

use crate::body::{Imports, What};
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

/// A function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its name.
    pub line: usize,
    /// The type of the `impl` it stands in.
    pub self_type: Option<String>,
    /// The attribute of ours that it bears.
    pub annotation: Option<Annotation>,
    /// Whether its body runs when it is called, and not when it is awaited.
    pub runs_at_once: bool,
    /// Its own `use` items.
    pub imports: Imports,
    /// What it does.
    pub facts: Vec<Fact>,
    /// The lines and columns of walks whose order nobody sees.
    pub order_free: Vec<(usize, usize)>,
    /// The lines from its name to its end.
    pub lines: (usize, usize),
}

/// An attribute of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// `orchestration`, `activity` or `deterministic`.
    pub kind: String,
    /// What the store knows it by.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Whether it is there under a condition only.
    pub is_conditional: bool,
}

/// Something a function does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What.
    pub what: What,
    /// In which line.
    pub line: usize,
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
    /// The facts of a file.
    ///
    /// # Errors
    ///
    /// If it is no Rust.
    pub fn parse(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        Ok(Self::of(&file.items, (0, usize::MAX)))
    }

    fn of(items: &[Item], lines: (usize, usize)) -> Self {
        let mut module = Self {
            lines,
            ..Self::default()
        };
        for item in items {
            module.add(item);
        }
        module
    }

    fn put(&mut self, name: &syn::Ident, kind: Kind) {
        self.items
            .entry(name.unraw().to_string())
            .or_default()
            .push(kind);
    }

    fn add(&mut self, item: &Item) {
        match item {
            Item::Use(it) => self.imports.add(&it.tree),
            Item::Fn(it) => {
                let function = Function::of(&it.attrs, &it.sig, &it.block, None);
                self.put(&it.sig.ident, Kind::Function(Arc::new(function)));
            }
            Item::Mod(it) => self.put(&it.ident, module_kind(it)),
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
                        self.method(&it.ident.to_string(), &method.attrs, &method.sig, block);
                    } else if annotation(&method.attrs, "").is_none()
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
                        self.method(&name, &method.attrs, &method.sig, &method.block);
                    }
                }
            }
            Item::Macro(it) => self.add_macro(it),
            _ => {}
        }
    }

    fn method(&mut self, ty: &str, attrs: &[Attribute], sig: &Signature, block: &Block) {
        let function = Function::of(attrs, sig, block, Some(ty.to_owned()));
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

impl Function {
    fn of(attrs: &[Attribute], sig: &Signature, block: &Block, self_type: Option<String>) -> Self {
        let body = read::read(sig, block, Vec::new());
        let name = sig.ident.unraw().to_string();
        let facts = body.sites.iter().map(|site| Fact {
            what: site.what.clone(),
            line: site.line(),
        });
        Self {
            line: sig.ident.span().start().line,
            self_type,
            annotation: annotation(attrs, &name),
            runs_at_once: sig.asyncness.is_none(),
            facts: facts.collect(),
            imports: body.imports,
            order_free: body.order_free,
            lines: (sig.ident.span().start().line, block.span().end().line),
            name,
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

fn module_kind(it: &ItemMod) -> Kind {
    let path = it.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => {
            let text = pair.value.to_token_stream().to_string();
            Some(text.trim_matches('"').to_owned())
        }
        _ => None,
    });
    let inline = it.content.as_ref().map(|(_, items)| {
        let span = it.span();
        Arc::new(Module::of(items, (span.start().line, span.end().line)))
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

fn annotation(attrs: &[Attribute], name: &str) -> Option<Annotation> {
    let is_conditional = attrs.iter().any(|it| it.path().is_ident("cfg"));
    attrs.iter().find_map(|attribute| {
        let kind = attribute.path().segments.last()?.ident.to_string();
        if !["orchestration", "activity", "deterministic"].contains(&kind.as_str()) {
            return None;
        }
        let text = attribute.meta.to_token_stream().to_string();
        Some(Annotation {
            kind,
            name: value_of(&text, "name").unwrap_or_else(|| name.to_owned()),
            version: value_of(&text, "version").unwrap_or_else(|| "1.0.0".to_owned()),
            is_conditional,
        })
    })
}

/// The text behind `key =`.
fn value_of(text: &str, key: &str) -> Option<String> {
    let start = text.find(&format!("{key} = \""))?;
    let value = text.get(start..)?.split('"').nth(1)?;
    Some(value.to_owned())
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
        assert_eq!((stamp.line, stamp.facts[0].line), (2, 3));
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
}
