//! The annotated function, parsed and checked in one step: whoever holds a [`Function`] can expand
//! it without a further question.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Attribute, Result, Type, Visibility};

use crate::attr::Attributes;
use crate::kind::Kind;
use crate::message::{self, Errors};
use crate::names;
use crate::options::{CallOptions, Cancellation};
use crate::signature::Checked;
use crate::source::Source;

const UNVERSIONED: &str = "1.0.0";

/// An activity or an orchestration that is right as far as its tokens tell.
pub(crate) struct Function {
    pub(crate) kind: Kind,
    /// What the store knows it by.
    pub(crate) name: String,
    pub(crate) version: String,
    /// How it is called, if it is an activity.
    pub(crate) options: CallOptions,
    /// How it is cancelled, if it is an orchestration.
    pub(crate) cancellation: Cancellation,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) attrs: Sorted,
    /// Whether the body takes the context by reference.
    pub(crate) borrows_context: bool,
    pub(crate) params: Vec<Param>,
    /// The `T` of `Result<T, E>`.
    pub(crate) output: Type,
    /// The `E`.
    pub(crate) failure: Type,
    /// The function itself: without what belongs elsewhere, otherwise untouched.
    pub(crate) source: Source,
}

/// A parameter after the context.
pub(crate) struct Param {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Whether it may be missing in what is read.
    pub(crate) defaulted: bool,
}

/// The user's attributes, by where they go. Those that only concern the body stay there.
#[derive(Default)]
pub(crate) struct Sorted {
    /// On all that stands for the function: whether it is there at all.
    pub(crate) cfgs: Vec<Attribute>,
    /// On all that readers of the documentation see.
    pub(crate) docs: Vec<Attribute>,
    /// On what others call.
    pub(crate) outside: Vec<Attribute>,
}

impl Function {
    /// Checks the function.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub(crate) fn check(kind: Kind, attributes: &Attributes, mut source: Source) -> Result<Self> {
        let mut errors = Errors::default();
        let attrs = errors.take(Sorted::take_from(kind, &mut source.attrs));
        let name = errors.take(name_of(kind, attributes, &source.sig.ident));
        let checked = errors.take(Checked::take_from(kind, &mut source.sig));
        let parts = attrs.zip(name).zip(checked);
        let function = parts.map(|((attrs, name), checked)| Self {
            kind,
            name,
            version: (attributes.version.as_deref())
                .unwrap_or(UNVERSIONED)
                .to_owned(),
            options: attributes.options.clone(),
            cancellation: attributes.cancellation.clone(),
            vis: source.vis.clone(),
            ident: source.sig.ident.clone(),
            attrs,
            borrows_context: checked.borrows_context,
            params: checked.params,
            output: checked.output,
            failure: checked.failure,
            source,
        });
        errors.finish(function)
    }
}

impl Param {
    /// Its key in the store.
    pub(crate) fn key(&self) -> String {
        self.ident.unraw().to_string()
    }
}

impl Sorted {
    fn take_from(kind: Kind, attrs: &mut Vec<Attribute>) -> Result<Self> {
        let mut sorted = Self::default();
        let mut errors = Errors::default();
        attrs.retain(|attr| {
            let last = attr.path().segments.last();
            match last.map(|last| last.ident.to_string()).as_deref() {
                Some("cfg") => sorted.cfgs.push(attr.clone()),
                Some("doc") => sorted.docs.push(attr.clone()),
                Some("deprecated" | "must_use") => sorted.outside.push(attr.clone()),
                Some("allow" | "warn" | "deny" | "forbid") => {
                    sorted.outside.push(attr.clone());
                    return true;
                }
                _ if Kind::is_named_by(attr.path()) => errors.push(message::error(
                    attr,
                    &format!("this function is an {} already", kind.noun()),
                    "delete one of the two attributes",
                )),
                _ => return true,
            }
            false
        });
        errors.finish(Some(sorted))
    }
}

fn name_of(kind: Kind, attributes: &Attributes, ident: &Ident) -> Result<String> {
    if let Some(name) = &attributes.name {
        return Ok(name.clone());
    }
    let name = ident.unraw().to_string();
    names::check_name(&name).map_err(|problem| {
        message::error(
            ident,
            &format!("the name `{name}` {problem}"),
            &format!("give it another one: `#[{}(name = \"..\")]`", kind.noun()),
        )
    })?;
    Ok(name)
}
