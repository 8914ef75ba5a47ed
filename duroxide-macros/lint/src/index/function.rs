//! A function as facts. Its body is read when somebody asks for it: few of them are ever reached.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Block, ItemFn, Signature};

use crate::body::{Imports, What};
use crate::index::fallback::Fallback;
use crate::index::skim::Source;
use crate::read;

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
    /// The lines from its name to its end.
    pub lines: (usize, usize),
    /// Its text, if the body was left out.
    source: Option<Source>,
    /// What its body says, once it was read.
    content: OnceLock<Content>,
}

/// What a body says.
#[derive(Debug, Default)]
struct Content {
    imports: Imports,
    facts: Vec<Fact>,
    order_free: Vec<(usize, usize)>,
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

impl Function {
    /// What it does.
    pub fn facts(&self) -> &[Fact] {
        &self.content().facts
    }

    /// Its own `use` items.
    pub fn imports(&self) -> &Imports {
        &self.content().imports
    }

    /// The lines and columns of walks whose order nobody sees.
    pub fn order_free(&self) -> &[(usize, usize)] {
        &self.content().order_free
    }

    pub(crate) fn of(
        attrs: &[Attribute],
        sig: &Signature,
        block: &Block,
        self_type: Option<String>,
        bodies: &mut Bodies,
    ) -> Self {
        let name = sig.ident.unraw().to_string();
        let line = sig.ident.span().start().line;
        let source = bodies.take(block);
        let content = OnceLock::new();
        if source.is_none() {
            content.get_or_init(|| Content::of(sig, block));
        }
        Self {
            line,
            self_type,
            annotation: annotation(attrs, &name),
            runs_at_once: sig.asyncness.is_none(),
            lines: (line, block.span().end().line),
            name,
            source,
            content,
        }
    }

    fn content(&self) -> &Content {
        self.content.get_or_init(|| {
            let source = self.source.as_ref();
            source.and_then(Content::read).unwrap_or_default()
        })
    }
}

impl Content {
    fn of(sig: &Signature, block: &Block) -> Self {
        let body = read::read(sig, block, Vec::new());
        let facts = body.sites.iter().map(|site| Fact {
            what: site.what.clone(),
            line: site.line(),
        });
        Self {
            facts: facts.collect(),
            imports: body.imports,
            order_free: body.order_free,
        }
    }

    /// What the function says that was left out; nothing if it is no Rust.
    fn read(source: &Source) -> Option<Self> {
        let _forced = Fallback::enter();
        let function: ItemFn = syn::parse_str(source.text()).ok()?;
        let mut content = Self::of(&function.sig, &function.block);
        for fact in &mut content.facts {
            (fact.line, _) = source.place(fact.line, 0);
        }
        for (line, column) in &mut content.order_free {
            (*line, *column) = source.place(*line, *column);
        }
        Some(content)
    }
}

/// The bodies of the functions of a file.
pub(crate) struct Bodies {
    /// Those that were left out, by where they open; nothing if all stand where they belong.
    left_out: Option<BTreeMap<(usize, usize), Source>>,
    has_missed: bool,
}

impl Bodies {
    pub(crate) fn in_place() -> Self {
        Self {
            left_out: None,
            has_missed: false,
        }
    }

    pub(crate) fn left_out(functions: BTreeMap<(usize, usize), Source>) -> Self {
        Self {
            left_out: Some(functions),
            has_missed: false,
        }
    }

    /// Whether each function was among those that were left out.
    pub(crate) fn are_complete(&self) -> bool {
        !self.has_missed
    }

    fn take(&mut self, block: &Block) -> Option<Source> {
        let left_out = self.left_out.as_mut()?;
        let open = block.brace_token.span.open().start();
        let source = left_out.remove(&(open.line, open.column));
        self.has_missed |= source.is_none();
        source
    }
}

/// The attribute of ours among these of a function with that name.
pub(crate) fn annotation(attrs: &[Attribute], name: &str) -> Option<Annotation> {
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
    use crate::index::module::{Kind, Module};

    #[test]
    fn a_body_is_read_when_it_is_asked_for_and_nothing_if_it_is_no_rust() {
        let module = Module::parse("fn a() { b(); }\n\nfn c() { let = ; }").unwrap();
        let function = |name: &str| match module.items[name].as_slice() {
            [Kind::Function(function)] => function,
            other => panic!("{other:?}"),
        };
        let (a, c) = (function("a"), function("c"));
        assert!(a.content.get().is_none());
        assert_eq!((a.facts().len(), a.lines), (1, (1, 1)));
        assert!(a.content.get().is_some());
        assert_eq!((c.facts().len(), c.lines), (0, (3, 3)));
    }
}
