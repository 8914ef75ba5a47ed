//! What the checks need of a `Cargo.toml`: the names of its dependencies, and the levels of rules. Not
//! a reader of TOML: what it does not understand it leaves out.

use std::collections::BTreeMap;

use crate::rules::{Level, Off, Rule};

/// A package, as far as the checks care.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// The names that code knows its dependencies by, and the packages behind them.
    dependencies: BTreeMap<String, String>,
    /// What the project says about rules, under `[package.metadata.duroxide.lints]`.
    levels: BTreeMap<String, String>,
    /// Macros that the project vouches for.
    pub macros: Vec<String>,
    /// Whether it has that table.
    pub has_lints: bool,
}

impl Manifest {
    /// Reads the text of a manifest.
    pub fn parse(text: &str) -> Self {
        let mut manifest = Self::default();
        let mut section = String::new();
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']).replace(['"', ' '], "");
                manifest.open(&section);
            } else if let Some((key, value)) = line.split_once('=') {
                manifest.set(&section, key.trim().trim_matches('"'), value.trim());
            }
        }
        manifest
    }

    /// The crate behind a name in the code, if it is a dependency.
    pub fn crate_behind(&self, name: &str) -> Option<&str> {
        self.dependencies.get(name).map(String::as_str)
    }

    /// Whether that package, by the name of its crate, is a dependency.
    pub fn has_package(&self, name: &str) -> bool {
        self.dependencies.values().any(|package| package == name)
    }

    /// The level of a rule in this project. `None`: it is off.
    pub fn level(&self, rule: &Rule) -> Option<Level> {
        let own = match rule.level {
            Level::Pedantic | Level::Reserved => None,
            level @ (Level::Error | Level::Warning) => Some(level),
        };
        if rule.off != Off::Allowed {
            return own;
        }
        match self.levels.get(rule.id).map(String::as_str) {
            Some("warn") => Some(Level::Warning),
            Some("error" | "deny") => Some(Level::Error),
            // What is an error can become a warning, never nothing.
            Some("off" | "allow") if rule.level == Level::Error => Some(Level::Warning),
            Some("off" | "allow") => None,
            Some(_) | None => own,
        }
    }

    fn open(&mut self, section: &str) {
        self.has_lints |= section == LINTS;
        if let Some((_, name)) = section.rsplit_once("dependencies.") {
            self.depend(name, name);
        }
    }

    fn set(&mut self, section: &str, key: &str, value: &str) {
        if section == LINTS {
            if key == "macros" {
                let names = value.trim_matches(['[', ']']).split(',');
                let names = names.map(|name| name.trim().trim_matches('"').to_owned());
                self.macros = names.filter(|name| !name.is_empty()).collect();
            } else {
                let level = value.split('#').next().unwrap_or_default();
                let level = level.trim().trim_matches('"').to_owned();
                self.levels.insert(key.to_owned(), level);
            }
        } else if section == "package" && key == "name" {
            // Its tests and programs name its library so.
            let name = value.trim_matches('"');
            self.depend(name, name);
        } else if section.ends_with("dependencies") {
            let name = key.split('.').next().unwrap_or(key);
            let package = value.split_once("package").and_then(|(_, rest)| {
                let rest = rest.trim_start().strip_prefix('=')?;
                rest.split('"').nth(1)
            });
            self.depend(name, package.unwrap_or(name));
        } else if let Some((_, name)) = section.rsplit_once("dependencies.")
            && key == "package"
        {
            self.depend(name, value.trim_matches('"'));
        }
    }

    fn depend(&mut self, name: &str, package: &str) {
        let as_crate = |name: &str| name.replace('-', "_");
        self.dependencies.insert(as_crate(name), as_crate(package));
    }
}

const LINTS: &str = "package.metadata.duroxide.lints";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::rule;

    #[test]
    fn names_and_levels_are_found() {
        let manifest = Manifest::parse(
            r#"
            [package]
            name = "shop"
            [dependencies]
            tokio-util = "0.7"
            dice = { version = "0.9", package = "rand" }
            serde.workspace = true
            [dev-dependencies.clock]
            package = "chrono"
            [target.'cfg(unix)'.dependencies]
            libc = "0.2"
            [package.metadata.duroxide.lints]
            DX0203 = "off"
            DX0204 = "warn" # strict
            DX0101 = "off"
            DX0001 = "off"
            macros = ["sql", "row"]
            "#,
        );
        assert_eq!(manifest.crate_behind("dice"), Some("rand"));
        assert_eq!(manifest.crate_behind("clock"), Some("chrono"));
        assert_eq!(manifest.crate_behind("tokio_util"), Some("tokio_util"));
        assert_eq!(manifest.crate_behind("serde"), Some("serde"));
        assert_eq!(manifest.crate_behind("libc"), Some("libc"));
        assert_eq!(manifest.crate_behind("shop"), Some("shop"));
        assert_eq!(manifest.crate_behind("rand"), None);
        let level = |id| manifest.level(rule(id).unwrap());
        assert_eq!(level("DX0203"), None);
        assert_eq!(level("DX0204"), Some(Level::Warning));
        assert_eq!(level("DX0101"), Some(Level::Warning));
        assert_eq!(level("DX0001"), Some(Level::Error));
        assert_eq!(level("DX0402"), None);
        assert_eq!(manifest.macros, ["sql", "row"]);
        assert!(manifest.has_lints);
    }
}
