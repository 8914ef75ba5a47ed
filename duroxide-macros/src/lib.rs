//! The attribute macros of `duroxide`. Use them through that crate, which re-exports them and shows
//! runnable examples.
//!
//! One pipeline: attributes and function are parsed into a checked tree, which is expanded. Must not
//! know: what the generated code's `::duroxide::__private` does.

mod ast;
mod attr;
mod deterministic;
mod duration;
mod event;
mod expand;
mod fallback;
#[cfg(test)]
mod garbage;
mod kind;
mod lint;
mod message;
mod names;
mod options;
mod pipeline;
mod retry;
mod signature;
mod source;
mod test_attribute;
mod types;

use proc_macro::TokenStream;

use kind::Kind;

/// Makes an `async fn` an activity: a function with side effects, which orchestrations call durably.
///
/// The function takes the context first, `&ActivityContext` or `ActivityContext`, then any number
/// of owned parameters, and returns `Result<T, E>`. Parameters, `T` and `E` are `Serialize`,
/// `DeserializeOwned`, `Send` and borrow nothing; `E` is `Display` as well.
///
/// # Keys
///
/// `name = ".."`: what the store knows the activity by; the function's name if left out. It may
/// contain letters, digits and `._:/@-`, at most 128 bytes, and does not start with `__`.
/// Keep it when you rename the function: recorded calls refer to it.
///
/// The other keys say how the activity is called by an orchestration that says nothing else. Without
/// them there is one attempt, and no limit of time. Times are texts like `"200ms"`, `"30s"`, `"5m"`,
/// `"1h"`, `"3d"`. They are part of the orchestrations that call it: changing them while instances
/// run needs new versions of those.
///
/// `timeout = ".."`: how long one attempt may take, waiting in the queue included. An attempt that
/// takes longer is cancelled and counts as failed.
///
/// `total_timeout = ".."`: how long all attempts and pauses together may take.
///
/// `retry(max_attempts = 5, initial = "200ms", multiplier = 2.0, max_delay = "10s")`: how often it is
/// attempted, the first time included, and the pauses: the first one, how many times longer the next
/// one is, and the longest. What is left out is `3`, `"100ms"`, `2.0` and `"30s"`.
///
/// `no_retry = [PaymentError::Declined, PaymentError::Limit { .. }]`: errors that are final, as patterns
/// of the error's type.
///
/// # What it makes
///
/// * A **function** of the same name. Its first argument decides: with an `&OrchestrationContext` it
///   is a durable call, with an `ActivityContext` (or a reference to one) it runs the body in place,
///   as in a test or in another activity.
/// * A **type** of the same name, which stands for the activity where it is registered by hand. One
///   `use` brings both. A module of that name cannot stand beside it.
/// * A registration, which the runtime finds by itself.
///
/// # Parameters in the store
///
/// No parameter is `null`, one is its value, several are a JSON object keyed by their names. A
/// parameter marked `#[serde(default)]` may be missing in what is read: so it can be added to an
/// activity that has recorded calls.
#[proc_macro_attribute]
pub fn activity(attributes: TokenStream, function: TokenStream) -> TokenStream {
    lint::exclusively(|| pipeline::annotate(Kind::Activity, attributes.into(), &function.into()))
        .into()
}

/// Makes an `async fn` an orchestration: a function that survives crashes, restarts and deploys.
///
/// The function takes the context first, `&OrchestrationContext` or `OrchestrationContext`, then any
/// number of owned parameters, and returns `Result<T, E>`, under the same rules as for an activity,
/// `#[serde(default)]` included.
///
/// # Keys
///
/// `name = ".."`: as for an activity.
///
/// `version = "1.2.0"`: a semantic version, `1.0.0` if left out. Two versions side by side are two
/// functions with the same `name`. A running instance stays on the version that it was started with.
///
/// # What it makes
///
/// A type of the function's name, found by the runtime by itself, with the function's visibility:
///
/// * `start(client, ..)`, a start with the function's own parameters, made when awaited;
/// * `handle(client, id)`, an instance seen from outside, with typed results;
/// * `continue_as_new(ctx, ..)`, the end of this execution and the start of the next one with a
///   fresh history: `return name::continue_as_new(ctx, ..).await;`.
#[proc_macro_attribute]
pub fn orchestration(attributes: TokenStream, function: TokenStream) -> TokenStream {
    lint::exclusively(|| {
        pipeline::annotate(Kind::Orchestration, attributes.into(), &function.into())
    })
    .into()
}

/// Makes a helper deterministic: it may be awaited in orchestrations, and may await what they may.
///
/// It stands on functions, methods and the methods of traits. An `async fn` becomes a function that
/// returns `impl Durable<Output = ..> + Send`; a trait may declare its method so and be implemented
/// with this attribute. A plain `fn` stays what it is. The body is checked as that of an
/// orchestration.
///
/// What calls itself boxes the call: `Box::pin(again(ctx, n - 1)).await`.
#[proc_macro_attribute]
pub fn deterministic(attributes: TokenStream, function: TokenStream) -> TokenStream {
    lint::exclusively(|| deterministic::annotate(&attributes.into(), &function.into())).into()
}

/// Makes a type an external event: what is told to running instances, under a name.
///
/// The type is `Serialize`, `DeserializeOwned`, `Send` and borrows nothing. Orchestrations wait for
/// it with `ctx.wait_for::<Type>()`, clients send it with `handle.raise(value)`.
///
/// # Keys
///
/// `#[event(name = "..")]`: what the store knows the event by; the type's name if left out. It may
/// contain letters, digits and `._:/@-`, at most 128 bytes, and does not start with `__`. Keep it
/// when you rename the type: events under way refer to it.
#[proc_macro_derive(ExternalEvent, attributes(event))]
pub fn external_event(item: TokenStream) -> TokenStream {
    lint::exclusively(|| event::derive(item.into())).into()
}

/// Makes an `async fn` with a `TestEnv` a test: the real engine and runtime, a store in memory, and a
/// virtual clock.
///
/// The function takes the `TestEnv` and nothing else, and returns what a test may return. In it the
/// trait that has `env.mock::<name>(..)` is in scope.
///
/// # Keys
///
/// `auto_skip = false`: virtual time stands still but for `env.skip(..)`.
///
/// `replay_twice = false`: turns are not run a second time from their history.
#[proc_macro_attribute]
pub fn test(attributes: TokenStream, function: TokenStream) -> TokenStream {
    test_attribute::annotate(attributes.into(), &function.into()).into()
}
