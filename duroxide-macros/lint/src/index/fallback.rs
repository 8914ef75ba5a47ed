//! Parsing without the compiler.

/// While it lives, text is parsed without the compiler, and so with lines of its own: inside of a
/// macro every token of a parsed text would stand at the attribute.
///
/// One flag for the whole macro library: whoever makes tokens meanwhile makes the wrong ones. So each
/// entry point of the macros waits for the others.
pub(crate) struct Fallback;

impl Fallback {
    pub(crate) fn enter() -> Self {
        proc_macro2::fallback::force();
        Self
    }
}

impl Drop for Fallback {
    fn drop(&mut self) {
        proc_macro2::fallback::unforce();
    }
}
