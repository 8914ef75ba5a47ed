//! Questions to the compiler about types, written where the user's expression stands.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::Type;

/// A question, and what asks it.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    Walk,
    Store,
    Share,
    Clock,
    File,
}

impl Question {
    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Walk => ("__duroxide_walk", "IsUnordered", "IsOrdered"),
            Self::Store => (
                "__duroxide_store",
                "IsUnorderedParameter",
                "IsOrderedParameter",
            ),
            Self::Share => ("__duroxide_share", "IsShared", "IsUnshared"),
            Self::Clock => ("__duroxide_clock", "IsOfTheClock", "IsNotOfTheClock"),
            Self::File => ("__duroxide_file", "IsOfTheDisk", "IsNotOfTheDisk"),
        }
    }

    /// The rule that it is about.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Walk => "DX0105",
            Self::Store => "DX0106",
            Self::Share => "DX0107",
            Self::Clock => "DX0101",
            Self::File => "DX0111",
        }
    }

    /// Asks about the type of `value`; the answer is shown at `at`.
    fn ask(self, probe: &TokenStream, at: Span) -> TokenStream {
        let (ask, is, is_not) = self.names();
        let (is, is_not) = (format_ident!("{is}"), format_ident!("{is_not}"));
        let here = generated(at);
        // As if the user had asked: what the compiler shows is nothing of ours.
        let ask = Ident::new(ask, at);
        quote_spanned! {here=>
            {
                #[allow(unused_imports)]
                use ::duroxide::__private::probes::{#is as _, #is_not as _};
                (&#probe).#ask();
            }
        }
    }
}

/// A value as it is, and a question about its type.
pub(crate) fn walked(value: &TokenStream, at: Span) -> TokenStream {
    let here = generated(at);
    let ask = Question::Walk.ask(
        &quote_spanned!(here=> ::duroxide::__private::probes::Probe::of(&value)),
        at,
    );
    quote_spanned! {here=>
        (match #value { value => { #ask value } })
    }
}

/// A statement that asks about a place and never runs.
pub(crate) fn about(question: Question, place: &TokenStream, at: Span) -> TokenStream {
    let here = generated(at);
    let ask = question.ask(
        &quote_spanned!(here=> ::duroxide::__private::probes::Probe::of(&#place)),
        at,
    );
    quote_spanned!(here=> if false #ask)
}

/// A statement that asks about a type.
pub(crate) fn about_type(question: Question, ty: &Type, at: Span) -> TokenStream {
    let here = generated(at);
    let ask = question.ask(
        &quote_spanned!(here=> ::duroxide::__private::probes::Probe::<#ty>::new()),
        at,
    );
    quote_spanned!(here=> if false #ask)
}

fn generated(at: Span) -> Span {
    Span::mixed_site().located_at(at)
}

/// Places that were reported already.
pub(crate) type Known = BTreeSet<(usize, usize)>;
