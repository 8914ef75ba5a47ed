//! From what a body says to findings.

use std::fmt::Write as _;

use crate::allow::Invalid;
use crate::body::{Body, Imports, Site, What};
use crate::index::chain::{self, Around, Chain, Hop, Named, Reached};
use crate::index::krate::{Crate, Origin, Place};
use crate::index::manifest::Manifest;
use crate::macros;
use crate::matching::{self, Known};
use crate::names;
use crate::patterns::KNOWN_MACROS;
use crate::rules::{self, Level, Rule};

/// Something that breaks a rule.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// Error or warning, in this project.
    pub level: Level,
    /// The whole message; further lines are notes.
    pub text: String,
    /// Where.
    pub site: Site,
    /// The calls that lead to it.
    pub way: Vec<Hop>,
}

/// The crate around the body, as far as it is known.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// The crate.
    pub krate: &'a Crate,
    /// The module.
    pub place: &'a Place,
    /// The type of the `impl`.
    pub self_type: Option<&'a str>,
    /// Whether no compiler looks at the types as well.
    pub only_text: bool,
}

/// What was found, and what is wrong with the allowances.
#[derive(Debug, Default)]
pub struct Checked {
    /// In the order of the text.
    pub findings: Vec<Finding>,
    /// Allowances that do not hold.
    pub invalid: Vec<Invalid>,
}

/// Checks a body. `context` is the name of its context parameter.
pub fn check(
    body: &Body,
    around: Option<&Surroundings<'_>>,
    manifest: &Manifest,
    context: &str,
) -> Checked {
    let mut check = Check {
        body,
        around,
        manifest,
        context,
        used: vec![Vec::new(); body.allows.len()],
        checked: Checked::default(),
    };
    for site in &body.sites {
        check.site(site);
    }
    // Without the crate nothing is known about what is reached.
    if around.is_some() {
        check.find_unused();
    }
    check.checked
}

/// The message (DX0401) on a call that leads to something else.
pub fn chain_text(rule: &Rule, chain: &Chain, shown: &str, context: &str) -> String {
    let cause = chain.rule;
    let mut text = format!(
        "{shown} reaches {} ({}: {}) [{}]",
        chain.what, cause.id, cause.cause, rule.id
    );
    for hop in &chain.hops {
        let place = format!("{}:{}", shown_file(&hop.file), hop.line);
        let _ = write!(text, "\n= note: {} is called at {place}", hop.what);
    }
    let _ = write!(text, "\n= help: {}", rule.help_with(context));
    text.push_str(&rule.how_to_keep());
    text.push_str(&rules::more(cause.id));
    text
}

/// The functions of the crate that the body reaches, each with the place in the body that leads to it.
pub fn reached(body: &Body, around: &Surroundings<'_>) -> Vec<(Site, Reached)> {
    let inside = Around {
        place: around.place,
        imports: &body.imports,
        self_type: around.self_type,
    };
    let mut found = Vec::new();
    let mut sites = Vec::new();
    for site in &body.sites {
        let called = site.what.called();
        let named = called.map(|path| inside.path(around.krate, &path));
        if let Some(Named::Function(function, place)) = named {
            chain::reached(around.krate, &function, &place, &[], &mut found);
            sites.resize(found.len(), site.clone());
        }
    }
    sites.into_iter().zip(found).collect()
}

struct Check<'a> {
    body: &'a Body,
    around: Option<&'a Surroundings<'a>>,
    manifest: &'a Manifest,
    context: &'a str,
    /// For each allowance the rules that it silenced.
    used: Vec<Vec<&'static str>>,
    checked: Checked,
}

impl Check<'_> {
    fn site(&mut self, site: &Site) {
        match &site.what {
            What::Form(id, subject) => self.find(id, subject, site),
            What::Walk(of) => self.walk(of.as_deref(), site),
            // No build refuses it: most closures do not care.
            What::Filter(of) if self.only_text() => self.walk(of.as_deref(), site),
            What::Filter(_) => {
                self.silenced(site, "DX0105");
            }
            What::Path(path) => {
                if is_static(path) {
                    self.silenced(site, "DX0107");
                }
                let named = self.path(path);
                self.named(named, &chain::shown(path), site);
            }
            What::Opaque(subject) if self.only_text() => self.find("DX0402", subject, site),
            What::Opaque(_) => {}
            What::Called { method, name } => self.called(method, name, site),
            What::Macro(path) => self.macro_call(path, site),
            What::Method { name, receiver } => {
                if let Some(id) = matching::method_rule(name) {
                    return self.find(id, &format!("`.{name}()`"), site);
                }
                if TYPED.contains(&name.as_str()) {
                    self.silenced(site, "DX0101");
                    self.silenced(site, "DX0111");
                }
                self.method(name, receiver.as_deref(), site);
            }
        }
    }

    fn method(&mut self, name: &str, receiver: Option<&[String]>, site: &Site) {
        let named = receiver.map(|receiver| {
            let path: Vec<_> = (receiver.iter().cloned())
                .chain([name.to_owned()])
                .collect();
            (self.path(&path), chain::shown(&path))
        });
        let is_followed = match &named {
            Some((Named::Nothing, _)) => self.is_foreign(receiver.unwrap_or_default()),
            Some(_) => true,
            None => false,
        };
        if let Some((named, shown)) = named {
            self.named(named, &shown, site);
        }
        if !is_followed && self.only_text() && self.is_own_method(name) {
            self.find("DX0402", &format!("`.{name}(..)`"), site);
        }
    }

    /// Whether that type is none of the crate.
    fn is_foreign(&self, ty: &[String]) -> bool {
        self.around().is_some_and(|(krate, around)| {
            let origin = krate.origin(around.place, around.imports, around.self_type, ty);
            matches!(origin, Origin::Foreign(_))
        })
    }

    /// Whether the crate has methods of that name that nobody answers for.
    fn is_own_method(&self, name: &str) -> bool {
        let is_asked = rules::rule("DX0402").and_then(|rule| self.manifest.level(rule));
        let (Some(_), Some(around)) = (is_asked, self.around) else {
            return false;
        };
        around.krate.unanswered_methods().contains(name)
    }

    /// A name that is nobody's, but nearly somebody's.
    fn called(&mut self, method: &str, name: &str, site: &Site) {
        let (Some(around), Some(rule)) = (self.around, rules::rule("DX0304")) else {
            return;
        };
        if names::noun(method).is_none() {
            return;
        }
        if let Some((noun, meant)) = around.krate.names().meant(method, name) {
            let text = format!(
                "no {noun} is called `{name}`: did you mean `{meant}`? [{}]\n= help: {}{}",
                rule.id,
                rule.help_with(self.context),
                rules::more(rule.id)
            );
            self.report(rule, text, site, Some(Level::Warning));
        }
    }

    fn walk(&mut self, of: Option<&[String]>, site: &Site) {
        let walked = self
            .around()
            .and_then(|(krate, around)| around.walked(krate, of?));
        match walked {
            // The compiler knows the types of the standard library.
            Some((id, ty)) if self.only_text() || !is_standard(&ty) => {
                self.find(id, &of.map(chain::shown).unwrap_or_default(), site);
            }
            Some(_) | None => {
                self.silenced(site, "DX0105");
            }
        }
    }

    /// Whether no compiler looks at the types as well.
    fn only_text(&self) -> bool {
        self.around.is_some_and(|it| it.only_text)
    }

    fn macro_call(&mut self, path: &[String], site: &Site) {
        let shown = format!("`{}!`", path.join("::"));
        let named = match self.around() {
            Some((krate, around)) => around.macro_path(krate, path),
            None => without_crate(&self.body.imports, path, matching::macro_rule),
        };
        match named {
            Named::Macro(rules, _) if rules.awaits => {
                self.find("DX0109", &shown, site);
            }
            Named::Macro(rules, place) => {
                let Some((krate, _)) = self.around() else {
                    return;
                };
                let imports = Imports::default();
                let inside = Around {
                    place: &place,
                    imports: &imports,
                    self_type: None,
                };
                for fact in &rules.facts {
                    let inner = match &fact.what {
                        What::Path(path) => inside.path(krate, path),
                        What::Macro(path) => inside.macro_path(krate, path),
                        _ => Named::Nothing,
                    };
                    if let Named::Breaks(id) = inner {
                        return self.find(id, &shown, site);
                    }
                }
            }
            Named::Nothing => {
                let name = path.last().map(String::as_str).unwrap_or_default();
                let is_known = KNOWN_MACROS.contains(&name)
                    || self.manifest.macros.iter().any(|it| it == name)
                    || macros::is_quoting(name);
                if !is_known {
                    self.find("DX0204", &shown, site);
                }
            }
            other => self.named(other, &shown, site),
        }
    }

    fn around(&self) -> Option<(&Crate, Around<'_>)> {
        let around = self.around?;
        let inside = Around {
            place: around.place,
            imports: &self.body.imports,
            self_type: around.self_type,
        };
        Some((around.krate, inside))
    }

    fn path(&self, path: &[String]) -> Named {
        match self.around() {
            Some((krate, around)) => around.path(krate, path),
            None => without_crate(&self.body.imports, path, matching::path_rule),
        }
    }

    fn named(&mut self, named: Named, shown: &str, site: &Site) {
        match named {
            Named::Breaks(id) => self.find(id, shown, site),
            Named::Function(function, place) => {
                let Some(around) = self.around else { return };
                if let Some(chain) = chain::chain(around.krate, &function, &place, around.only_text)
                {
                    self.find_chain(&chain, shown, site, None);
                }
            }
            Named::Beyond(krate, function, place) => {
                if let Some(chain) = chain::chain(&krate, &function, &place, self.only_text()) {
                    self.find_chain(&chain, shown, site, Some(Level::Warning));
                }
            }
            Named::Macro(..) | Named::Nothing => {}
        }
    }

    fn find(&mut self, id: &str, subject: &str, site: &Site) {
        let Some(rule) = rules::rule(id) else { return };
        let text = rule.message(subject, self.context);
        self.report(rule, text, site, None);
    }

    fn find_chain(&mut self, chain: &Chain, shown: &str, site: &Site, level: Option<Level>) {
        if self.silenced(site, chain.rule.id) {
            return;
        }
        let Some(rule) = rules::rule("DX0401") else {
            return;
        };
        let text = chain_text(rule, chain, shown, self.context);
        self.report(rule, text, site, level);
        if let Some(found) = self.checked.findings.last_mut()
            && found.rule == rule
        {
            found.way.clone_from(&chain.hops);
        }
    }

    fn report(&mut self, rule: &'static Rule, text: String, site: &Site, at_most: Option<Level>) {
        let Some(level) = self.manifest.level(rule) else {
            return;
        };
        let level = at_most.unwrap_or(level);
        if self.silenced(site, rule.id) {
            return;
        }
        self.checked.findings.push(Finding {
            rule,
            level,
            text,
            site: site.clone(),
            way: Vec::new(),
        });
    }

    /// Whether somebody vouches for that here.
    fn silenced(&mut self, site: &Site, id: &'static str) -> bool {
        let covering = site.allows.iter().rev().find(|&&allow| {
            let allow = self.body.allows.get(allow);
            allow.is_some_and(|allow| allow.ids.iter().any(|it| it == id))
        });
        let Some(used) = covering.and_then(|&allow| self.used.get_mut(allow)) else {
            return false;
        };
        used.push(id);
        true
    }

    fn find_unused(&mut self) {
        for (allow, used) in self.body.allows.iter().zip(&self.used) {
            let unused = allow.ids.iter().filter(|id| {
                // Those are for other searches: of signatures, and against older code.
                let is_ours =
                    *id != "DX0106" && *id != "DX0202" && *id != "DX0501" && *id != "DX0402";
                is_ours && !used.iter().any(|used| *id == used)
            });
            self.checked.invalid.extend(unused.map(Invalid::unused));
        }
    }
}

/// Methods that the compiler judges by the type of their receiver.
const TYPED: &[&str] = &[
    "elapsed",
    "exists",
    "is_dir",
    "is_file",
    "metadata",
    "canonicalize",
    "read_dir",
];

fn is_standard(path: &[String]) -> bool {
    path.len() == 1 || path.first().is_some_and(|first| first == "std")
}

fn is_static(path: &[String]) -> bool {
    path.last().is_some_and(|name| {
        name.chars()
            .all(|it| it.is_uppercase() || it == '_' || it.is_numeric())
    })
}

fn without_crate(
    imports: &Imports,
    path: &[String],
    rule: fn(&[String], Known) -> Option<&'static str>,
) -> Named {
    let id = match path.split_first() {
        Some((first, rest)) => match imports.find(first) {
            Some(target) => {
                let whole: Vec<_> = target.iter().chain(rest).cloned().collect();
                rule(&whole, Known::Whole)
            }
            None => rule(path, Known::Written),
        },
        None => None,
    };
    id.map_or(Named::Nothing, Named::Breaks)
}

/// The file as people name it: from its crate on.
pub fn shown_file(file: &std::path::Path) -> String {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(std::path::PathBuf::from);
    let file = folder
        .and_then(|folder| {
            file.strip_prefix(folder)
                .ok()
                .map(std::path::Path::to_owned)
        })
        .unwrap_or_else(|| file.to_owned());
    file.display().to_string().replace('\\', "/")
}
