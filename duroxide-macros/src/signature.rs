//! The rules for signatures: the context, the parameters, the result.

use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, Meta, Pat, PatType, PathArguments, Result, ReturnType, Safety,
    Signature, Type,
};

use crate::ast::Param;
use crate::kind::Kind;
use crate::message::{self, Errors, shown};
use crate::types::{Passed, bare, check_stored, context_in};

/// What a right signature says.
pub(crate) struct Checked {
    pub(crate) borrows_context: bool,
    pub(crate) params: Vec<Param>,
    pub(crate) output: Type,
    pub(crate) failure: Type,
}

impl Checked {
    /// Checks the signature, and takes out of it what only the macros understand.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
    pub(crate) fn take_from(kind: Kind, sig: &mut Signature) -> Result<Self> {
        let mut errors = Errors::default();
        check_qualifiers(kind, sig, &mut errors);
        let context = errors.take(check_context(kind, sig));
        let mut params = Vec::new();
        for (index, input) in sig.inputs.iter_mut().enumerate() {
            if let FnArg::Typed(typed) = input
                // A wrong first parameter and a context elsewhere are reported as one mistake.
                && (index > 0 || context.is_none())
                && (context.is_some() || context_in(&typed.ty).is_none())
            {
                params.extend(errors.take(check_param(kind, typed)));
            }
        }
        let result = errors.take(check_result(kind, sig));
        let checked = context
            .zip(result)
            .map(|(borrows_context, (output, failure))| Self {
                borrows_context,
                params,
                output,
                failure,
            });
        errors.finish(checked)
    }
}

fn check_qualifiers(kind: Kind, sig: &Signature, errors: &mut Errors) {
    let noun = kind.noun();
    if sig.asyncness.is_none() {
        errors.push(message::error(
            sig.fn_token,
            &format!("an {noun} is an `async fn` [DX0002]"),
            &format!("write `async fn {}(..)`", sig.ident),
        ));
    }
    let mut forbid = |on: &dyn ToTokens, word: &str| {
        errors.push(message::error(
            on,
            &format!("an {noun} cannot be {word} [DX0002]"),
            "delete it: the runtime calls the function as a plain `async fn`",
        ));
    };
    if let Some(token) = &sig.constness {
        forbid(token, "`const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        forbid(token, "`unsafe`");
    }
    if let Some(abi) = &sig.abi {
        forbid(abi, "`extern`");
    }
    if let Some(variadic) = &sig.variadic {
        forbid(variadic, "variadic");
    }
    if !sig.generics.params.is_empty() {
        errors.push(message::error(
            &sig.generics.params,
            &format!("an {noun} cannot be generic: one name in the store is one function [DX0003]"),
            "write the types out, in one function for each",
        ));
    }
}

/// Whether the body takes the context by reference.
fn check_context(kind: Kind, sig: &Signature) -> Result<bool> {
    let (noun, context) = (kind.noun(), kind.context());
    let right = || {
        let others = sig.inputs.iter().filter(
            |input| matches!(input, FnArg::Typed(typed) if context_in(&typed.ty).is_none()),
        );
        let mut inputs = vec![format!("ctx: &{context}")];
        inputs.extend(others.map(shown));
        format!("write `async fn {}({})`", sig.ident, inputs.join(", "))
    };
    let missing = format!("an {noun} takes its context as the first parameter [DX0003]");
    match sig.inputs.first() {
        None => Err(message::error(&sig.ident, &missing, &right())),
        Some(FnArg::Receiver(receiver)) => Err(message::error(
            receiver,
            &format!("an {noun} takes no `self`: it runs wherever a worker picks it up [DX0003]"),
            &format!(
                "{}, outside of `impl`, with what it needs as parameters",
                right()
            ),
        )),
        Some(input @ FnArg::Typed(first)) => match context_in(&first.ty) {
            Some((found, Passed::ByValue)) if found == context => Ok(false),
            Some((found, Passed::ByReference)) if found == context => Ok(true),
            Some((found, Passed::Mutably)) if found == context => {
                let what =
                    format!("an {noun} takes its context by shared reference or by value [DX0003]");
                Err(message::error(&first.ty, &what, &right()))
            }
            Some((found, _)) => Err(message::error(
                &first.ty,
                &format!("an {noun} is handed an `{context}`, not an `{found}` [DX0003]"),
                &right(),
            )),
            None => {
                let later = sig.inputs.iter().find(
                    |input| matches!(input, FnArg::Typed(typed) if context_in(&typed.ty).is_some()),
                );
                Err(message::error(later.unwrap_or(input), &missing, &right()))
            }
        },
    }
}

fn check_param(kind: Kind, typed: &mut PatType) -> Result<Param> {
    let noun = kind.noun();
    let defaulted = take_defaulted(typed)?;
    let Pat::Ident(name) = &*typed.pat else {
        return Err(message::error(
            &typed.pat,
            "a parameter is stored under its name, and this pattern has none [DX0003]",
            "give it a name, and take it apart in the body",
        ));
    };
    if name.by_ref.is_some() || name.subpat.is_some() {
        return Err(message::error(
            name,
            "a parameter is a plain name [DX0003]",
            &format!("write `{}: {}`", name.ident, shown(&typed.ty)),
        ));
    }
    if context_in(&typed.ty).is_some() {
        return Err(message::error(
            &typed.ty,
            &format!("an {noun} takes one context, as the first parameter [DX0003]"),
            "delete this one",
        ));
    }
    check_stored(&typed.ty, "a parameter is stored", "[DX0003]")?;
    Ok(Param {
        ident: name.ident.clone(),
        ty: (*typed.ty).clone(),
        defaulted,
    })
}

/// Takes `#[serde(default)]` off.
fn take_defaulted(typed: &mut PatType) -> Result<bool> {
    let before = typed.attrs.len();
    let mut errors = Errors::default();
    typed.attrs.retain(|attr| {
        if attr.path().is_ident("serde") {
            if !matches!(&attr.meta, Meta::List(list) if list.tokens.to_string() == "default") {
                errors.push(message::error(
                    attr,
                    "a parameter knows no other serde attribute than `#[serde(default)]`",
                    "put the others on the fields of a struct, and take the struct",
                ));
            }
            return false;
        }
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            errors.push(message::error(
                attr,
                "a parameter cannot depend on the configuration: what is stored would too",
                "put the condition into the body, or on the whole function",
            ));
        }
        true
    });
    errors.finish(Some(typed.attrs.len() < before))
}

/// The two types of the result.
fn check_result(kind: Kind, sig: &Signature) -> Result<(Type, Type)> {
    let noun = kind.noun();
    let wrong = format!("an {noun} returns a `Result<T, E>`: the store keeps either [DX0005]");
    let ReturnType::Type(_, ty) = &sig.output else {
        return Err(message::error(
            &sig.ident,
            &wrong,
            "write `-> Result<(), String>`",
        ));
    };
    let instead = format!("write `-> Result<{}, String>`", shown(ty));
    let Type::Path(path) = bare(ty) else {
        return Err(message::error(ty, &wrong, &instead));
    };
    let last = path.path.segments.last();
    let Some(last) = last.filter(|last| last.ident == "Result") else {
        return Err(message::error(ty, &wrong, &instead));
    };
    let arguments: Vec<_> = match &last.arguments {
        PathArguments::AngleBracketed(angled) => angled.args.iter().collect(),
        _ => Vec::new(),
    };
    match arguments.as_slice() {
        [
            GenericArgument::Type(output),
            GenericArgument::Type(failure),
        ] => {
            check_stored(output, "a history owns what it holds", "[DX0004]")?;
            check_stored(failure, "a history owns what it holds", "[DX0004]")?;
            Ok((output.clone(), failure.clone()))
        }
        others => {
            let output = others.first().map_or_else(|| "()".to_owned(), shown);
            Err(message::error(
                ty,
                &format!(
                    "`{}` does not say which errors there are, and the store keeps them [DX0005]",
                    shown(ty)
                ),
                &format!(
                    "write `-> Result<{output}, E>`, where `E` is a type of your own or `String`"
                ),
            ))
        }
    }
}
