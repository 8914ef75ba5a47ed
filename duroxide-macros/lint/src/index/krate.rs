//! A crate: where a name of its code leads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::body::Imports;
use crate::index::annotated;
use crate::index::files;
use crate::index::function::Function;
use crate::index::manifest::Manifest;
use crate::index::module::{Declared, Kind, Module, Rules};
use crate::names::Names;

/// A crate, from its root file on.
#[derive(Clone, Debug)]
pub struct Crate {
    root: PathBuf,
    manifest: Manifest,
    /// The crates it depends on, by name, where their sources are looked at too.
    neighbours: BTreeMap<String, Arc<Crate>>,
    /// What it knows by name, once somebody asked.
    names: Arc<OnceLock<Names>>,
    /// Its methods that nobody answers for, once somebody asked.
    unanswered: Arc<OnceLock<BTreeSet<String>>>,
}

/// A module in its crate.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file it stands in.
    pub file: PathBuf,
    /// Where the files of its modules lie.
    children: PathBuf,
    /// The names from the root on.
    names: Vec<String>,
    pub(crate) module: Arc<Module>,
}

/// Where a path leads.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Out of the crate: the path from that other crate on.
    Foreign(Vec<String>),
    /// Perhaps out of the crate, by one of these globs.
    Perhaps(Vec<Vec<String>>),
    /// To a function of the crate.
    Function(Arc<Function>, Place),
    /// To macro rules of the crate.
    Macro(Arc<Rules>, Place),
    /// To state that instances share.
    Shared,
    /// To something else of the crate.
    Own,
    /// Nobody knows.
    Unknown,
}

/// Longer chains of imports are taken for a circle.
const MAX_IMPORTS: usize = 16;

impl Crate {
    /// The crate that a file belongs to, and the file's module.
    pub fn of_file(file: &Path, manifest: Manifest) -> Option<(Self, Place)> {
        let (root, names) = files::root_of(file);
        let krate = Self::at_root(root, manifest);
        let place = krate.place(&names).filter(|place| place.file == file);
        let place = place.or_else(|| {
            // Included by an attribute: on its own it still knows its imports.
            Some(Place {
                file: file.to_owned(),
                children: file.parent()?.to_owned(),
                names,
                module: files::module(file)?,
            })
        })?;
        Some((krate, place))
    }

    /// The crate with that root file.
    pub fn at_root(root: PathBuf, manifest: Manifest) -> Self {
        Self {
            root,
            manifest,
            neighbours: BTreeMap::new(),
            names: Arc::default(),
            unanswered: Arc::default(),
        }
    }

    /// Whether its manifest names that package.
    pub fn depends_on(&self, package: &str) -> bool {
        self.manifest.has_package(package)
    }

    /// Looks into another crate as well.
    pub fn add_neighbour(&mut self, name: String, krate: Arc<Crate>) {
        self.neighbours.insert(name, krate);
    }

    /// The crates that are looked into as well.
    pub fn neighbours(&self) -> impl Iterator<Item = &Crate> {
        self.neighbours.values().map(AsRef::as_ref)
    }

    /// The names of its methods that nobody answers for: neither an attribute nor the types of awaits.
    pub(crate) fn unanswered_methods(&self) -> &BTreeSet<String> {
        self.unanswered.get_or_init(|| self.find_unanswered())
    }

    /// The activities and orchestrations that it knows by name.
    pub(crate) fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::of(self))
    }

    fn find_unanswered(&self) -> BTreeSet<String> {
        let places = annotated::modules(self);
        let modules = places.iter().map(|it| &it.module);
        let bodies = modules.clone().flat_map(|it| &it.methods);
        let unanswered = bodies.filter(|(_, it)| it.annotation.is_none() && it.runs_at_once);
        let declared = modules.flat_map(|it| &it.declared);
        unanswered
            .map(|(_, it)| &it.name)
            .chain(declared)
            .cloned()
            .collect()
    }

    /// The function of another crate that a path leads to, if its source is looked at.
    pub(crate) fn beyond(&self, path: &[String]) -> Option<(Arc<Crate>, Arc<Function>, Place)> {
        let (name, rest) = path.split_first()?;
        let krate = self.neighbours.get(name)?;
        match krate.within(&krate.root()?, rest, 0) {
            Origin::Function(function, place) => Some((Arc::clone(krate), function, place)),
            _ => None,
        }
    }

    /// The module of a file.
    pub fn place_of(&self, file: &Path) -> Option<Place> {
        let (_, names) = files::root_of(file);
        self.place(&names).filter(|place| place.file == file)
    }

    /// What it depends on, and its levels.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The root module.
    pub fn root(&self) -> Option<Place> {
        Some(Place {
            file: self.root.clone(),
            children: self.root.parent()?.to_owned(),
            names: Vec::new(),
            module: files::module(&self.root)?,
        })
    }

    fn place(&self, names: &[String]) -> Option<Place> {
        let mut place = self.root()?;
        for name in names {
            place = Self::child(&place, name)?;
        }
        Some(place)
    }

    /// The module of that name in another one.
    pub(crate) fn child(place: &Place, name: &str) -> Option<Place> {
        let kinds = place.module.items.get(name)?;
        kinds.iter().find_map(|kind| {
            let Kind::Module(Declared { inline, path, .. }) = kind else {
                return None;
            };
            let mut names = place.names.clone();
            names.push(name.to_owned());
            let children = place.children.join(name);
            if let Some(module) = inline {
                return Some(Place {
                    file: place.file.clone(),
                    children,
                    names,
                    module: Arc::clone(module),
                });
            }
            let candidates = match path {
                Some(path) => vec![place.file.parent()?.join(path)],
                None => vec![children.with_extension("rs"), children.join("mod.rs")],
            };
            let file = candidates.into_iter().find(|it| it.is_file())?;
            let module = files::module(&file)?;
            Some(Place {
                file,
                children,
                names,
                module,
            })
        })
    }

    /// Where `path` leads, written in a function in `place` with these own imports.
    pub fn origin(
        &self,
        place: &Place,
        imports: &Imports,
        self_type: Option<&str>,
        path: &[String],
    ) -> Origin {
        let mut path = path.to_vec();
        if let Some(first) = path.first_mut()
            && first == "Self"
        {
            match self_type {
                Some(name) => name.clone_into(first),
                None => return Origin::Unknown,
            }
        }
        self.resolve(place, Some(imports), &path, 0)
    }

    /// Whether a name in that module stands for an item of the crate.
    pub fn is_own(&self, place: &Place, name: &str) -> bool {
        let path = [name.to_owned()];
        match self.resolve(place, None, &path, 0) {
            Origin::Own | Origin::Function(..) | Origin::Shared => true,
            // An alias, or an import under another name.
            Origin::Foreign(whole) => whole.last() != path.first(),
            Origin::Perhaps(_) | Origin::Macro(..) | Origin::Unknown => false,
        }
    }

    /// Macro rules of that name in a module above.
    pub(crate) fn macro_above(&self, place: &Place, name: &str) -> Option<Origin> {
        let above = (0..=place.names.len()).rev();
        above
            .filter_map(|length| self.place(place.names.get(..length)?))
            .find_map(|place| {
                let kinds = place.module.items.get(name)?;
                kinds.iter().find_map(|kind| match kind {
                    Kind::Macro(rules) => Some(Origin::Macro(Arc::clone(rules), place.clone())),
                    _ => None,
                })
            })
    }

    fn resolve(
        &self,
        place: &Place,
        imports: Option<&Imports>,
        path: &[String],
        depth: usize,
    ) -> Origin {
        let Some((first, rest)) = path.split_first() else {
            return Origin::Unknown;
        };
        if depth > MAX_IMPORTS {
            return Origin::Unknown;
        }
        match first.as_str() {
            "crate" | "$crate" => {
                return self
                    .root()
                    .map_or(Origin::Unknown, |it| self.within(&it, rest, depth));
            }
            "self" => return self.within(place, rest, depth),
            "super" => return self.above(place, rest, depth),
            _ => {}
        }
        let imported = imports.into_iter().find_map(|it| it.find(first));
        if let Some(target) = imported {
            return self.follow(place, target, rest, depth);
        }
        if place.module.items.contains_key(first) {
            return self.within(place, path, depth);
        }
        if let Some(target) = place.module.imports.find(first) {
            return self.follow(place, target, rest, depth);
        }
        let globs = imports.into_iter().flat_map(|it| &it.globs);
        let by_glob = self.by_glob(place, globs.chain(&place.module.imports.globs), path, depth);
        match (by_glob, self.foreign(first)) {
            // A glob of the crate's own modules comes before the names of other crates.
            (Origin::Unknown | Origin::Perhaps(_), Some(foreign)) => {
                let whole = std::iter::once(foreign).chain(rest.iter().cloned());
                Origin::Foreign(whole.collect())
            }
            (found, _) => found,
        }
    }

    /// A path from an import on: the import may begin with a crate of the name it brings.
    fn follow(&self, place: &Place, target: &[String], rest: &[String], depth: usize) -> Origin {
        let path: Vec<_> = target.iter().chain(rest).cloned().collect();
        let begins_with_crate = target.first().and_then(|first| self.foreign(first));
        match begins_with_crate {
            Some(krate) if !place.module.items.contains_key(&krate) => {
                let whole = std::iter::once(krate).chain(path.into_iter().skip(1));
                Origin::Foreign(whole.collect())
            }
            _ => self.resolve(place, None, &path, depth + 1),
        }
    }

    fn foreign(&self, name: &str) -> Option<String> {
        let is_standard = ["std", "core", "alloc"].contains(&name);
        let behind = || self.manifest.crate_behind(name).map(str::to_owned);
        if is_standard {
            Some(name.to_owned())
        } else {
            behind()
        }
    }

    fn above(&self, place: &Place, rest: &[String], depth: usize) -> Origin {
        let above = place.names.split_last();
        let above = above.and_then(|(_, names)| self.place(names));
        match (above, rest.split_first()) {
            (Some(above), Some((next, rest))) if next == "super" => self.above(&above, rest, depth),
            (Some(above), _) => self.within(&above, rest, depth),
            (None, _) => Origin::Unknown,
        }
    }

    /// A path from a module on.
    fn within(&self, place: &Place, path: &[String], depth: usize) -> Origin {
        let Some((first, rest)) = path.split_first() else {
            return Origin::Own;
        };
        if let Some(kinds) = place.module.items.get(first) {
            return self.item(place, kinds, first, rest, depth);
        }
        if let Some(target) = place.module.imports.find(first) {
            return self.follow(place, target, rest, depth);
        }
        self.by_glob(place, place.module.imports.globs.iter(), path, depth)
    }

    fn item(
        &self,
        place: &Place,
        kinds: &[Kind],
        name: &str,
        rest: &[String],
        depth: usize,
    ) -> Origin {
        let mut origin = Origin::Own;
        for kind in kinds {
            match (kind, rest) {
                (Kind::Function(function), []) => {
                    return Origin::Function(Arc::clone(function), place.clone());
                }
                (Kind::Macro(rules), []) => {
                    return Origin::Macro(Arc::clone(rules), place.clone());
                }
                (Kind::Shared, []) => return Origin::Shared,
                (Kind::Module(_), [_, ..]) => {
                    if let Some(child) = Self::child(place, name) {
                        return self.within(&child, rest, depth + 1);
                    }
                }
                (Kind::Alias(target), _) => {
                    return self.follow(place, target, rest, depth);
                }
                (Kind::Type, [method]) => {
                    origin = Self::method(place, name, method).unwrap_or(origin);
                }
                _ => {}
            }
        }
        origin
    }

    /// An associated function, looked for beside its type.
    fn method(place: &Place, ty: &str, name: &str) -> Option<Origin> {
        let methods = place.module.methods.iter();
        let mut found = methods.filter(|(owner, method)| owner == ty && method.name == name);
        let (_, method) = found.next()?;
        Some(Origin::Function(Arc::clone(method), place.clone()))
    }

    fn by_glob<'a>(
        &self,
        place: &Place,
        globs: impl Iterator<Item = &'a Vec<String>>,
        path: &[String],
        depth: usize,
    ) -> Origin {
        let mut perhaps = Vec::new();
        for glob in globs.filter(|_| depth < MAX_IMPORTS) {
            let begins_with_crate = glob.first().and_then(|first| self.foreign(first));
            if let Some(krate) = begins_with_crate {
                let behind = glob.iter().skip(1).chain(path).cloned();
                perhaps.push(std::iter::once(krate).chain(behind).collect());
                continue;
            }
            let whole: Vec<_> = glob.iter().chain(path).cloned().collect();
            match self.resolve(place, None, &whole, depth + 1) {
                Origin::Unknown | Origin::Own => {}
                Origin::Perhaps(more) => perhaps.extend(more),
                found => return found,
            }
        }
        if perhaps.is_empty() {
            Origin::Unknown
        } else {
            Origin::Perhaps(perhaps)
        }
    }
}

impl Place {
    /// The innermost module around a line of the file.
    #[must_use]
    pub fn at_line(self, line: usize) -> Self {
        let inner = self.module.items.keys().find_map(|name| {
            let child = Crate::child(&self, name)?;
            let (first, last) = child.module.lines;
            (child.file == self.file && (first..=last).contains(&line)).then_some(child)
        });
        match inner {
            Some(inner) => inner.at_line(line),
            None => self,
        }
    }

    /// Whether that line is one of a function's: code stands there, and not the text of a comment, from
    /// which examples are taken.
    pub fn is_code(&self, line: usize) -> bool {
        let free = self.module.items.values().flatten();
        let mut free = free.filter_map(|kind| match kind {
            Kind::Function(function) => Some(function),
            _ => None,
        });
        let mut methods = self.module.methods.iter().map(|(_, method)| method);
        let is_inside = |function: &Arc<Function>| {
            let (first, last) = function.lines;
            (first..=last).contains(&line)
        };
        free.any(is_inside) || methods.any(is_inside)
    }

    /// The function of that name whose name stands next behind the line.
    pub fn function(&self, name: &str, line: usize) -> Option<Arc<Function>> {
        let free = self.module.items.get(name).into_iter().flatten();
        let free = free.filter_map(|kind| match kind {
            Kind::Function(function) => Some(function),
            _ => None,
        });
        let methods = self.module.methods.iter().map(|(_, method)| method);
        free.chain(methods.filter(|method| method.name == name))
            .filter(|function| function.line >= line)
            .min_by_key(|function| function.line)
            .cloned()
    }
}
