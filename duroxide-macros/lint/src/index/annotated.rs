//! All annotated functions of a crate, and those that the store could not tell apart.

use std::path::PathBuf;
use std::sync::Arc;

use crate::index::krate::{Crate, Place};
use crate::index::function::Function;
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
    let mut open: Vec<Place> = krate.root().into_iter().collect();
    while let Some(place) = open.pop() {
        for (name, kinds) in &place.module.items {
            for kind in kinds {
                match kind {
                    Kind::Module(declared) if !declared.is_conditional => {
                        open.extend(Crate::child(&place, name));
                    }
                    Kind::Function(function) if function.annotation.is_some() => {
                        found.push(Annotated {
                            function: Arc::clone(function),
                            place: place.clone(),
                        });
                    }
                    _ => {}
                }
            }
        }
        let methods = place.module.methods.iter();
        let annotated = methods.filter(|(_, method)| method.annotation.is_some());
        found.extend(annotated.map(|(_, method)| Annotated {
            function: Arc::clone(method),
            place: place.clone(),
        }));
    }
    found.sort_by_key(Annotated::position);
    found
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
    let position = (place.file.clone(), function.line);
    all(krate)
        .into_iter()
        .take_while(|other| other.position() < position)
        .find(|other| other.function.annotation.as_ref() == Some(own))
}

impl Annotated {
    fn position(&self) -> (PathBuf, usize) {
        (self.place.file.clone(), self.function.line)
    }
}
