//! What a helper reaches: depth first through the functions of its own crate.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::body::{Imports, What};
use crate::index::function::{Fact, Function};
use crate::index::krate::{Crate, Origin, Place};
use crate::matching::{self, Known};
use crate::rules::{self, Level, Rule};

/// What is reached, and how.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The rule that the last call breaks.
    pub rule: &'static Rule,
    /// The last call as it is written.
    pub what: String,
    /// The calls on the way, the last one included: what is called, and where.
    pub hops: Vec<Hop>,
}

/// A call on the way.
#[derive(Clone, Debug)]
pub struct Hop {
    /// What is called.
    pub what: String,
    /// In which file.
    pub file: PathBuf,
    /// In which line.
    pub line: usize,
}

/// What a function reaches, if it is something that differs on replay. `looks_closer` is for whoever
/// does not refuse to build: then `retain` counts too.
pub fn chain(
    krate: &Crate,
    function: &Function,
    place: &Place,
    looks_closer: bool,
) -> Option<Chain> {
    let mut search = Search {
        looks_closer,
        visited: BTreeSet::new(),
    };
    search.function(krate, function, place)
}

/// A function that is reached, and how.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The function.
    pub function: Arc<Function>,
    /// Its module.
    pub place: Place,
    /// The calls on the way, that of the function first.
    pub hops: Vec<Hop>,
}

/// All functions of the crate that this one reaches, itself among them, as far as nobody answers for
/// them. `hops` lead to it.
pub fn reached(
    krate: &Crate,
    function: &Arc<Function>,
    place: &Place,
    hops: &[Hop],
    found: &mut Vec<Reached>,
) {
    let is_known = |it: &Reached| Arc::ptr_eq(&it.function, function);
    let is_answered_for = function.annotation.is_some() || !function.runs_at_once;
    if is_answered_for || found.iter().any(is_known) {
        return;
    }
    found.push(Reached {
        function: Arc::clone(function),
        place: place.clone(),
        hops: hops.to_vec(),
    });
    let around = Around {
        place,
        imports: function.imports(),
        self_type: function.self_type.as_deref(),
    };
    for fact in function.facts() {
        let Some(path) = fact.what.called() else {
            continue;
        };
        if let Named::Function(next, next_place) = around.path(krate, &path) {
            let hop = Hop {
                what: shown(&path),
                file: place.file.clone(),
                line: fact.line,
            };
            let hops: Vec<_> = hops.iter().cloned().chain([hop]).collect();
            reached(krate, &next, &next_place, &hops, found);
        }
    }
}

struct Search {
    looks_closer: bool,
    visited: BTreeSet<(PathBuf, usize)>,
}

impl Search {
    fn function(&mut self, krate: &Crate, function: &Function, place: &Place) -> Option<Chain> {
        // Annotated ones are checked themselves; an `async` one is refused where it is awaited.
        let is_answered_for = function.annotation.is_some() || !function.runs_at_once;
        if is_answered_for || !self.visited.insert((place.file.clone(), function.line)) {
            return None;
        }
        let around = Around {
            place,
            imports: function.imports(),
            self_type: function.self_type.as_deref(),
        };
        function
            .facts()
            .iter()
            .find_map(|fact| self.fact(krate, fact, &around))
    }

    fn fact(&mut self, krate: &Crate, fact: &Fact, around: &Around<'_>) -> Option<Chain> {
        let hop = |what: String| Hop {
            what,
            file: around.place.file.clone(),
            line: fact.line,
        };
        let end = |id, what: String| {
            let rule = rules::rule(id).filter(|rule| rule.level == Level::Error)?;
            Some(Chain {
                rule,
                what: what.clone(),
                hops: vec![hop(what)],
            })
        };
        match &fact.what {
            What::Filter(_) if !self.looks_closer => None,
            What::Walk(of) | What::Filter(of) => {
                let (id, ty) = around.walked(krate, of.as_deref()?)?;
                end(id, format!("a walk through {}", shown(&ty)))
            }
            What::Form("DX0001", _) | What::Opaque(_) | What::Called { .. } => None,
            What::Form(id, subject) => end(id, subject.clone()),
            What::Path(path) => {
                let shown = shown(path);
                match around.path(krate, path) {
                    Named::Breaks(id) => end(id, shown),
                    Named::Function(next, place) => self.onwards(krate, &next, &place, hop(shown)),
                    Named::Beyond(krate, next, place) => {
                        self.onwards(&krate, &next, &place, hop(shown))
                    }
                    Named::Macro(..) | Named::Nothing => None,
                }
            }
            What::Macro(path) => {
                let shown = format!("`{}!`", path.join("::"));
                match around.macro_path(krate, path) {
                    Named::Breaks(id) => end(id, shown),
                    Named::Macro(rules, place) => {
                        let imports = Imports::default();
                        let inside = Around {
                            place: &place,
                            imports: &imports,
                            self_type: None,
                        };
                        if !self
                            .visited
                            .insert((place.file.clone(), usize::MAX - fact.line))
                        {
                            return None;
                        }
                        rules
                            .facts
                            .iter()
                            .find_map(|fact| self.fact(krate, fact, &inside))
                    }
                    Named::Function(..) | Named::Beyond(..) | Named::Nothing => None,
                }
            }
            What::Method { name, receiver } => {
                if let Some(id) = matching::method_rule(name) {
                    return end(id, format!("`.{name}()`"));
                }
                let mut path = receiver.clone()?;
                path.push(name.clone());
                match around.path(krate, &path) {
                    Named::Breaks(id) => end(id, shown(&path)),
                    Named::Function(next, place) => {
                        self.onwards(krate, &next, &place, hop(shown(&path)))
                    }
                    Named::Beyond(krate, next, place) => {
                        self.onwards(&krate, &next, &place, hop(shown(&path)))
                    }
                    Named::Macro(..) | Named::Nothing => None,
                }
            }
        }
    }

    fn onwards(
        &mut self,
        krate: &Crate,
        next: &Function,
        place: &Place,
        hop: Hop,
    ) -> Option<Chain> {
        let mut chain = self.function(krate, next, place)?;
        chain.hops.insert(0, hop);
        Some(chain)
    }
}

/// Where code stands.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The module.
    pub place: &'a Place,
    /// The imports of the function.
    pub imports: &'a Imports,
    /// The type of its `impl`.
    pub self_type: Option<&'a str>,
}

/// What a name means for the rules.
#[derive(Clone, Debug)]
pub enum Named {
    /// It breaks that rule.
    Breaks(&'static str),
    /// A function of the crate.
    Function(Arc<Function>, Place),
    /// A function of another crate.
    Beyond(Arc<Crate>, Arc<Function>, Place),
    /// Macro rules of the crate.
    Macro(Arc<crate::index::module::Rules>, Place),
    /// Nothing.
    Nothing,
}

impl Around<'_> {
    /// What a path means.
    pub fn path(&self, krate: &Crate, path: &[String]) -> Named {
        self.named(krate, path, matching::path_rule)
    }

    /// What a macro means. Macro rules are known in the modules below theirs, too.
    pub fn macro_path(&self, krate: &Crate, path: &[String]) -> Named {
        let origin = krate.origin(self.place, self.imports, self.self_type, path);
        let origin = match (origin, path) {
            (Origin::Unknown | Origin::Perhaps(_), [name]) => krate
                .macro_above(self.place, name)
                .unwrap_or_else(|| krate.origin(self.place, self.imports, self.self_type, path)),
            (origin, _) => origin,
        };
        Self::meaning(krate, origin, path, matching::macro_rule)
    }

    /// The rule that a walk through this type breaks, and the type as it is known.
    pub fn walked(&self, krate: &Crate, ty: &[String]) -> Option<(&'static str, Vec<String>)> {
        let written = || Some((matching::type_rule(ty, Known::Written)?, ty.to_vec()));
        let whole = |path: Vec<String>| Some((matching::type_rule(&path, Known::Whole)?, path));
        match krate.origin(self.place, self.imports, self.self_type, ty) {
            Origin::Foreign(path) => whole(path),
            Origin::Perhaps(paths) => paths.into_iter().find_map(whole).or_else(written),
            Origin::Unknown => written(),
            Origin::Function(..) | Origin::Macro(..) | Origin::Shared | Origin::Own => None,
        }
    }

    fn named(&self, krate: &Crate, path: &[String], rule: Rules) -> Named {
        let origin = krate.origin(self.place, self.imports, self.self_type, path);
        Self::meaning(krate, origin, path, rule)
    }

    fn meaning(krate: &Crate, origin: Origin, path: &[String], rule: Rules) -> Named {
        let breaks = |id: Option<&'static str>| id.map_or(Named::Nothing, Named::Breaks);
        match origin {
            Origin::Foreign(whole) => match (rule(&whole, Known::Whole), krate.beyond(&whole)) {
                (Some(id), _) => Named::Breaks(id),
                (None, Some((krate, function, place))) => Named::Beyond(krate, function, place),
                (None, None) => Named::Nothing,
            },
            Origin::Perhaps(paths) => breaks(
                paths
                    .iter()
                    .find_map(|whole| rule(whole, Known::Whole))
                    .or_else(|| rule(path, Known::Written)),
            ),
            Origin::Function(function, place) => Named::Function(function, place),
            Origin::Macro(rules, place) => Named::Macro(rules, place),
            Origin::Shared => Named::Breaks("DX0107"),
            Origin::Own => Named::Nothing,
            Origin::Unknown => breaks(rule(path, Known::Written)),
        }
    }
}

type Rules = fn(&[String], Known) -> Option<&'static str>;

/// A path between backticks.
pub fn shown(path: &[String]) -> String {
    format!("`{}`", path.join("::"))
}
