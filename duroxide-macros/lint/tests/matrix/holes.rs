//! The reasons for cases that are missing.

use crate::form::FORMS;
use crate::form::Form::{
    self, Alias, Direct, Glob, InAsyncBlock, InClosure, InMacro, RenamedCrate, Suppressed,
};

/// Why there is no case.
#[rustfmt::skip]
pub(crate) const HOLES: &[(&[&str], &[Form], &str)] = &[
    (&["DX0002", "DX0003", "DX0004", "DX0005", "DX0006", "DX0007", "DX0501"], &[Alias, Glob, RenamedCrate, InMacro, InClosure, InAsyncBlock, Suppressed], "it is about the item, its signature or an attribute, and not about what the body says"),
    (&["DX0501"], &[Direct], "only the checker compares with older code: its own tests show it"),
    (&["DX0302"], &FORMS, "reserved: nothing is looked for"),
    (&["DX0106"], &[Glob, RenamedCrate, InMacro, InClosure, InAsyncBlock], "it is about parameters: the name of the type or, behind an alias, the type itself"),
    (&["DX0203"], &[Alias, Glob, RenamedCrate], "a loop has no name"),
    (&["DX0203"], &[InMacro], "a loop in tokens of a macro cannot be told from tokens: `for` in its own syntax"),
    (&["DX0107"], &[RenamedCrate], "a static of another crate is asked for by type: the alias shows that"),
    (&["DX0116"], &[RenamedCrate], "all that differs so comes from the standard library"),
    (&["DX0304", "DX0402"], &[Alias, Glob, RenamedCrate], "it is about methods and values, which are not imported"),
    (&["DX0202"], &[Alias, Glob, RenamedCrate, InMacro, InClosure, InAsyncBlock], "`#[must_use]` is the compiler's own: it looks at the type of each statement"),
    (&["DX0301"], &[Alias, Glob, RenamedCrate, InMacro, InClosure, InAsyncBlock], "the context of an activity has no such method, whatever stands around: the message only comes first"),
];
