//! All annotated functions of a crate, and those that the store could not tell apart.

use std::path::PathBuf;
use std::sync::Arc;

use crate::index::function::Function;
use crate::index::krate::{Crate, Place};
use crate::index::module::Kind;

/// An annotated function, and where it stands.
#[derive(Clone, Debug)]
pub struct Annotated {
    /// The function.
    pub function: Arc<Function>,
    /// Its module.
    pub place: Place,
}

/// Those of all modules that are there under any configuration.
pub fn all(krate: &Crate) -> Vec<Annotated> {
    let mut found = Vec::new();
    each(krate, |function, place| {
        found.push(Annotated {
            function: Arc::clone(function),
            place: place.clone(),
        });
    });
    found.sort_by_key(Annotated::position);
    found
}

/// Shows them, in no order.
fn each(krate: &Crate, mut show: impl FnMut(&Arc<Function>, &Place)) {
    let mut open: Vec<Place> = krate.root().into_iter().collect();
    while let Some(place) = open.pop() {
        for (name, kinds) in &place.module.items {
            for kind in kinds {
                match kind {
                    Kind::Module(declared) if !declared.is_conditional => {
                        open.extend(Crate::child(&place, name));
                    }
                    Kind::Function(function) if function.annotation.is_some() => {
                        show(function, &place);
                    }
                    _ => {}
                }
            }
        }
        for (_, method) in &place.module.methods {
            if method.annotation.is_some() {
                show(method, &place);
            }
        }
    }
}

/// All modules of a crate, those under conditions too.
pub fn modules(krate: &Crate) -> Vec<Place> {
    let mut found: Vec<Place> = krate.root().into_iter().collect();
    let mut next = 0;
    while let Some(place) = found.get(next).cloned() {
        next += 1;
        for (name, kinds) in &place.module.items {
            if kinds.iter().any(|kind| matches!(kind, Kind::Module(_))) {
                found.extend(Crate::child(&place, name));
            }
        }
    }
    found
}

/// The function that had the name and version of this one before.
pub fn earlier_twin(krate: &Crate, function: &Function, place: &Place) -> Option<Annotated> {
    let own = function
        .annotation
        .as_ref()
        .filter(|it| !it.is_conditional)?;
    let mut twins = Vec::new();
    // Asked for each annotated function: most are told apart by their names alone.
    each(krate, |other, place| {
        if other.annotation.as_ref() == Some(own) {
            twins.push(Annotated {
                function: Arc::clone(other),
                place: place.clone(),
            });
        }
    });
    let position = (place.file.clone(), function.line);
    twins.retain(|twin| twin.position() < position);
    twins.into_iter().min_by_key(Annotated::position)
}

impl Annotated {
    fn position(&self) -> (PathBuf, usize) {
        (self.place.file.clone(), self.function.line)
    }
}
