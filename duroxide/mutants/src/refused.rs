//! Mutants that do not compile.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{About as _, Error};
use crate::list::Mutant;

/// Stands for the code of an error where there was none: the rewriting has no form for that mutant.
pub(crate) const NO_FORM: &str = "no form";

/// Those that were taken out, by name, with the code of the error. They are kept: finding them takes minutes.
#[derive(Debug)]
pub(crate) struct Refused {
    file: PathBuf,
    kept: Kept,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// Which sources it is true of.
    sources: String,
    codes: BTreeMap<String, String>,
}

impl Refused {
    /// Reads what was found in the same sources before.
    pub(crate) fn load(work: &Path, sources: String) -> Self {
        let file = work.join("refused.json");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let kept = serde_json::from_str(&text).ok();
        let kept = kept.filter(|kept: &Kept| kept.sources == sources);
        let empty = || Kept {
            sources,
            codes: BTreeMap::new(),
        };
        let kept = kept.unwrap_or_else(empty);
        Self { file, kept }
    }

    pub(crate) fn save(&self) -> Result<(), Error> {
        let text = serde_json::to_string(&self.kept).about(self.file.display())?;
        fs::write(&self.file, text).about(self.file.display())
    }

    pub(crate) fn has(&self, mutant: &Mutant) -> bool {
        self.kept.codes.contains_key(&mutant.name)
    }

    pub(crate) fn add(&mut self, mutant: &Mutant, code: &str) {
        self.kept.codes.insert(mutant.name.clone(), code.to_owned());
    }

    /// Whether a build of this mutant alone might compile: a switch cannot be asked in a constant (E0015), a
    /// function that returns `impl Trait` has one type, and some places have no form for a switch.
    pub(crate) fn is_beyond_switches(&self, mutant: &Mutant) -> bool {
        let code = self.kept.codes.get(&mutant.name).map(String::as_str);
        code.is_some() && mutant.returns.contains("impl ")
            || matches!(code, Some("E0015" | NO_FORM))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Genre;

    #[test]
    fn refusals_are_kept_for_the_same_sources() {
        let folder = tempfile::tempdir().unwrap();
        let mutant = |name: &str, returns: &str| Mutant {
            id: 1,
            file: String::new(),
            name: name.to_owned(),
            genre: Genre::Body,
            replacement: String::new(),
            place: (1, 1),
            returns: returns.to_owned(),
        };
        let (plain, constant) = (mutant("a", "-> A"), mutant("b", "-> B"));
        let (opaque, other) = (
            mutant("c", "-> impl Iterator"),
            mutant("d", "-> impl Iterator"),
        );
        let mut refused = Refused::load(folder.path(), "1".to_owned());
        refused.add(&plain, "E0277");
        refused.add(&constant, "E0015");
        refused.add(&opaque, "E0308");
        refused.save().unwrap();
        let again = Refused::load(folder.path(), "1".to_owned());
        let beyond = [&plain, &constant, &opaque, &other].map(|it| again.is_beyond_switches(it));
        assert_eq!(beyond, [false, true, true, false]);
        assert!(again.has(&plain) && !again.has(&other));
        assert!(!Refused::load(folder.path(), "2".to_owned()).has(&plain));
    }
}
