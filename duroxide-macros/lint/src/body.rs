//! What stands in a function's body: the names it uses, the macros it calls, and what breaks a rule
//! by its form alone.

use proc_macro2::TokenStream;

use crate::allow::{Allow, Invalid};

/// What was read from a body.
#[derive(Debug, Default)]
pub struct Body {
    /// In the order of the text.
    pub sites: Vec<Site>,
    /// The allowances on its nodes.
    pub allows: Vec<Allow>,
    /// What is wrong with those that were not understood.
    pub invalid: Vec<Invalid>,
    /// The lines that allowances cover: which of the list, the first and the last.
    pub covered: Vec<(usize, usize, usize)>,
    /// The lines and columns of walks whose order nobody sees.
    pub order_free: Vec<(usize, usize)>,
    /// The `use` items inside of it.
    pub imports: Imports,
}

/// A place of a body that a rule may look at.
#[derive(Clone, Debug)]
pub struct Site {
    /// What stands there.
    pub what: What,
    /// Its tokens.
    pub at: TokenStream,
    /// The allowances that cover it, by their place in the list.
    pub allows: Vec<usize>,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A path that is a value: most often a call.
    Path(Vec<String>),
    /// A macro call.
    Macro(Vec<String>),
    /// A method call, with the type of its receiver if the text tells.
    Method {
        /// The method.
        name: String,
        /// `["HashMap"]`, or `["Self"]`.
        receiver: Option<Vec<String>>,
    },
    /// A walk through a collection whose order shows, with the type of that if the text tells.
    Walk(Option<Vec<String>>),
    /// A walk that shows the order to its own closure only, `retain`, with the type of what it walks
    /// through if the text tells.
    Filter(Option<Vec<String>>),
    /// A call of something that is no name: a field, an element, a variable that may hold any function.
    Opaque(String),
    /// A text given to a method that the checks know: a name for the dynamic layer, or a reason.
    Called {
        /// `schedule_activity`, `register`, `assume_durable`, ..
        method: String,
        /// What the store knows it by, or the reason.
        name: String,
    },
    /// Something that breaks a rule by its form; with the words for it.
    Form(&'static str, String),
}

/// What `use` items bring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imports {
    /// A name, and the path behind it.
    pub names: Vec<(String, Vec<String>)>,
    /// The modules of which everything is imported.
    pub globs: Vec<Vec<String>>,
}

impl Imports {
    /// Adds what one item brings.
    pub fn add(&mut self, tree: &syn::UseTree) {
        self.walk(Vec::new(), tree);
    }

    /// The path behind a name.
    pub fn find(&self, name: &str) -> Option<&[String]> {
        let found = self.names.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, path)| path.as_slice())
    }

    fn walk(&mut self, mut before: Vec<String>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.walk(before, &path.tree);
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = before.last().cloned() {
                    self.names.push((last, before));
                }
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                before.push(name.clone());
                self.names.push((name, before));
            }
            syn::UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    before.push(rename.ident.to_string());
                }
                self.names.push((rename.rename.to_string(), before));
            }
            syn::UseTree::Glob(_) => self.globs.push(before),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(before.clone(), tree);
                }
            }
        }
    }
}

impl What {
    /// The path of what is called, if the text tells.
    pub fn called(&self) -> Option<Vec<String>> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Method {
                name,
                receiver: Some(receiver),
            } => Some(receiver.iter().chain([name]).cloned().collect()),
            Self::Method { .. }
            | Self::Macro(_)
            | Self::Walk(_)
            | Self::Filter(_)
            | Self::Opaque(_)
            | Self::Called { .. }
            | Self::Form(..) => None,
        }
    }
}

impl Site {
    /// The line it stands in, where spans know lines.
    pub fn line(&self) -> usize {
        let first = self.at.clone().into_iter().next();
        first.map_or(0, |token| token.span().start().line)
    }
}
