//! What a rule is. The rules themselves stand in [`table`](crate::table).

use crate::table::RULES;

/// One determinism rule: everything that messages, documentation and tests say about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// `DX0101`; never used for something else once it was given.
    pub id: &'static str,
    /// How serious it is.
    pub level: Level,
    /// Whether and how it can be allowed.
    pub off: Off,
    /// What it is about, as a heading: `the clock`.
    pub title: &'static str,
    /// Completes "`SystemTime::now` ..": what it does, and why a replay suffers.
    pub verdict: &'static str,
    /// The same cause in a few words, for a chain of calls: "the clock differs on replay".
    pub cause: &'static str,
    /// What to write instead. `{ctx}` is the name of the context parameter.
    pub help: &'static str,
}

/// How serious a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The code does not compile.
    Error,
    /// The compiler warns.
    Warning,
    /// Silent, unless the project asks for it in its `Cargo.toml`.
    Pedantic,
    /// The number is kept for a rule that has nothing to look for yet.
    Reserved,
}

/// Whether and how a rule can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// With `#[duroxide::allow(.., reason = "..")]`.
    Allowed,
    /// For one future, with `ctx.assume_durable(future, "reason")`.
    Assumed,
    /// Not at all: it has to be repaired.
    Never,
}

/// The rule with that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

impl Rule {
    /// What to write instead, with the context under its own name.
    pub fn help_with(&self, context: &str) -> String {
        self.help.replace("{ctx}", context)
    }

    /// The whole message on `subject`, which the rule found: what, why, and what to write instead.
    /// Further lines become notes of the compiler.
    pub fn message(&self, subject: &str, context: &str) -> String {
        let Self { id, verdict, .. } = self;
        let help = self.help_with(context);
        let mut text = format!("{subject} {verdict} [{id}]\n= help: {help}");
        if self.off == Off::Allowed {
            text.push_str(&self.how_to_keep());
        }
        text.push_str(&more(id));
        text
    }

    /// The line that says how to allow it.
    pub fn how_to_keep(&self) -> String {
        let id = self.id;
        if id == "DX0106" {
            return format!(
                "\n= note: to keep it: `allow({id}, reason = \"..\")` in the parentheses of the attribute"
            );
        }
        format!(
            "\n= note: to keep it: `#[duroxide::allow({id}, reason = \"..\")]` on this statement"
        )
    }
}

/// The line that says where to read on.
pub fn more(id: &str) -> String {
    format!("\n= note: more: `cargo duroxide explain {id}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_says_everything() {
        assert!(RULES.is_sorted_by_key(|rule| rule.id));
        for rule in RULES {
            let digits = rule.id.strip_prefix("DX").unwrap();
            assert!(digits.len() == 4 && digits.parse::<u16>().is_ok());
            for text in [rule.title, rule.verdict, rule.cause, rule.help] {
                assert!(!text.is_empty() && !text.ends_with('.'), "{}", rule.id);
                assert!(text.matches('`').count() % 2 == 0, "{}: {text}", rule.id);
            }
        }
    }

    #[test]
    fn a_message_says_what_why_and_what_instead() {
        let text = rule("DX0101")
            .unwrap()
            .message("`SystemTime::now`", "context");
        assert_eq!(
            text,
            "`SystemTime::now` reads this worker's clock: a replay reads another time and may take another path \
             [DX0101]\n\
             = help: use the recorded time: `context.now()`\n\
             = note: to keep it: `#[duroxide::allow(DX0101, reason = \"..\")]` on this statement\n\
             = note: more: `cargo duroxide explain DX0101`"
        );
    }
}
