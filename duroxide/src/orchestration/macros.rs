//! `join!` and `select!`: the combinators for a fixed number of futures, as they are written.

/// Waits for all of two or more futures, and awaits itself; the outputs come in argument order.
///
/// ```
/// use duroxide::prelude::*;
///
/// # #[activity]
/// # async fn price(_ctx: &ActivityContext, item: String) -> Result<u64, String> { Ok(item.len() as u64) }
/// #[orchestration]
/// async fn total(ctx: &OrchestrationContext, item: String) -> Result<u64, String> {
///     let (one, other, ()) = join!(
///         price(ctx, item.clone()),
///         async { price(ctx, format!("large {item}")).await },
///         ctx.schedule_timer(Duration::from_secs(1)),
///     );
///     Ok(one? + other?)
/// }
/// ```
#[macro_export]
macro_rules! join {
    // A chain of pairs, and the way back.
    (@pairs $last:expr) => { $last };
    (@pairs $next:expr, $($rest:expr),+) => {
        $crate::orchestration::join2($next, $crate::join!(@pairs $($rest),+))
    };
    (@flat $outputs:ident [$($output:ident)*] $last:expr) => { ($($output,)* $outputs) };
    (@flat $outputs:ident [$($output:ident)*] $next:expr, $($rest:expr),+) => {{
        let (output, others) = $outputs;
        $crate::join!(@flat others [$($output)* output] $($rest),+)
    }};
    ($a:expr, $b:expr $(,)?) => {
        $crate::orchestration::join2($a, $b).await
    };
    ($a:expr, $($rest:expr),+ $(,)?) => {{
        let outputs = $crate::join!(@pairs $a, $($rest),+).await;
        $crate::join!(@flat outputs [] $a, $($rest),+)
    }};
}

/// Waits for the first of two or more futures and runs its branch.
///
/// The first to complete *in history* wins, now and on every replay; a tie goes to the branch
/// written first. The losers are dropped, and what they asked for is cancelled, before the branch
/// runs. Patterns are irrefutable. A branch may `return`, `break`, `.await` and use `?`.
///
/// ```
/// use duroxide::prelude::*;
///
/// # #[activity]
/// # async fn ask(_ctx: &ActivityContext, question: String) -> Result<String, String> { Ok(question) }
/// #[orchestration]
/// async fn in_time(ctx: &OrchestrationContext, question: String) -> Result<String, String> {
///     select! {
///         answer = ask(ctx, question) => Ok(answer?),
///         () = ctx.schedule_timer(Duration::from_secs(60)) => Ok("no answer".to_owned()),
///     }
/// }
/// ```
#[macro_export]
macro_rules! select {
    // The branches, one by one: with a block and without a comma, or with a comma.
    (@read [$($done:tt)*] $pattern:pat = $future:expr => $body:block $(,)? $($rest:tt)*) => {
        $crate::select!(@read [$($done)* { $pattern, $future, $body }] $($rest)*)
    };
    (@read [$($done:tt)*] $pattern:pat = $future:expr => $body:expr, $($rest:tt)*) => {
        $crate::select!(@read [$($done)* { $pattern, $future, $body }] $($rest)*)
    };
    (@read [$($done:tt)*] $pattern:pat = $future:expr => $body:expr) => {
        $crate::select!(@read [$($done)* { $pattern, $future, $body }])
    };
    // A chain of races, and which of them was won.
    (@read [{ $a:pat, $fa:expr, $ba:expr } $({ $pattern:pat, $future:expr, $body:expr })+]) => {
        $crate::select!(
            @won $crate::select!(@races $fa $(, $future)+).await, { $a, $ba } $({ $pattern, $body })+
        )
    };
    (@races $last:expr) => { $last };
    (@races $next:expr, $($rest:expr),+) => {
        $crate::orchestration::select2($next, $crate::select!(@races $($rest),+))
    };
    (@won $winner:expr, { $a:pat, $ba:expr } { $b:pat, $bb:expr }) => {
        match $winner {
            $crate::orchestration::Either2::First($a) => $ba,
            $crate::orchestration::Either2::Second($b) => $bb,
        }
    };
    (@won $winner:expr, { $a:pat, $ba:expr } $($rest:tt)+) => {
        match $winner {
            $crate::orchestration::Either2::First($a) => $ba,
            $crate::orchestration::Either2::Second(others) => {
                $crate::select!(@won others, $($rest)+)
            }
        }
    };
    (@read $($other:tt)*) => {
        ::core::compile_error!(
            "`select!` takes two or more branches `pattern = future => expression`; for a list of \
             one type there is `select_all`"
        )
    };
    ($($branches:tt)+) => { $crate::select!(@read [] $($branches)+) };
}
