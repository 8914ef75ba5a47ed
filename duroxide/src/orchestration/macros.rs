//! `join!` and `select!`: the combinators for a fixed number of futures, as they are written.

/// Waits for all of two to eight futures, and awaits itself; the outputs come in argument order.
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
    ($a:expr, $b:expr $(,)?) => {
        $crate::join2($a, $b).await
    };
    ($a:expr, $b:expr, $c:expr $(,)?) => {
        $crate::join3($a, $b, $c).await
    };
    ($a:expr, $b:expr, $c:expr, $d:expr $(,)?) => {{
        let (a, (b, c, d)) = $crate::join2($a, $crate::join3($b, $c, $d)).await;
        (a, b, c, d)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr $(,)?) => {{
        let ((a, b), (c, d, e)) =
            $crate::join2($crate::join2($a, $b), $crate::join3($c, $d, $e)).await;
        (a, b, c, d, e)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr $(,)?) => {{
        let ((a, b, c), (d, e, f)) =
            $crate::join2($crate::join3($a, $b, $c), $crate::join3($d, $e, $f)).await;
        (a, b, c, d, e, f)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr $(,)?) => {{
        let (a, (b, c, d), (e, f, g)) =
            $crate::join3($a, $crate::join3($b, $c, $d), $crate::join3($e, $f, $g)).await;
        (a, b, c, d, e, f, g)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr, $h:expr $(,)?) => {{
        let ((a, b), (c, d, e), (f, g, h)) = $crate::join3(
            $crate::join2($a, $b),
            $crate::join3($c, $d, $e),
            $crate::join3($f, $g, $h),
        )
        .await;
        (a, b, c, d, e, f, g, h)
    }};
}

/// Waits for the first of two to eight futures and runs its branch.
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
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }]) => {
        match $crate::select2($fa, $fb).await {
            $crate::Either2::First($a) => $ba,
            $crate::Either2::Second($b) => $bb,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr }]) => {
        match $crate::select3($fa, $fb, $fc).await {
            $crate::Either3::First($a) => $ba,
            $crate::Either3::Second($b) => $bb,
            $crate::Either3::Third($c) => $bc,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }]) => {
        match $crate::select2($crate::select2($fa, $fb), $crate::select2($fc, $fd)).await {
            $crate::Either2::First($crate::Either2::First($a)) => $ba,
            $crate::Either2::First($crate::Either2::Second($b)) => $bb,
            $crate::Either2::Second($crate::Either2::First($c)) => $bc,
            $crate::Either2::Second($crate::Either2::Second($d)) => $bd,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr }]) => {
        match $crate::select2($crate::select2($fa, $fb), $crate::select3($fc, $fd, $fe)).await {
            $crate::Either2::First($crate::Either2::First($a)) => $ba,
            $crate::Either2::First($crate::Either2::Second($b)) => $bb,
            $crate::Either2::Second($crate::Either3::First($c)) => $bc,
            $crate::Either2::Second($crate::Either3::Second($d)) => $bd,
            $crate::Either2::Second($crate::Either3::Third($e)) => $be,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr } { $f:pat, $ff:expr, $bf:expr }]) => {
        match $crate::select2($crate::select3($fa, $fb, $fc), $crate::select3($fd, $fe, $ff)).await
        {
            $crate::Either2::First($crate::Either3::First($a)) => $ba,
            $crate::Either2::First($crate::Either3::Second($b)) => $bb,
            $crate::Either2::First($crate::Either3::Third($c)) => $bc,
            $crate::Either2::Second($crate::Either3::First($d)) => $bd,
            $crate::Either2::Second($crate::Either3::Second($e)) => $be,
            $crate::Either2::Second($crate::Either3::Third($f)) => $bf,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr } { $f:pat, $ff:expr, $bf:expr }
            { $g:pat, $fg:expr, $bg:expr }]) => {
        match $crate::select3(
            $crate::select2($fa, $fb),
            $crate::select2($fc, $fd),
            $crate::select3($fe, $ff, $fg),
        )
        .await
        {
            $crate::Either3::First($crate::Either2::First($a)) => $ba,
            $crate::Either3::First($crate::Either2::Second($b)) => $bb,
            $crate::Either3::Second($crate::Either2::First($c)) => $bc,
            $crate::Either3::Second($crate::Either2::Second($d)) => $bd,
            $crate::Either3::Third($crate::Either3::First($e)) => $be,
            $crate::Either3::Third($crate::Either3::Second($f)) => $bf,
            $crate::Either3::Third($crate::Either3::Third($g)) => $bg,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr } { $f:pat, $ff:expr, $bf:expr }
            { $g:pat, $fg:expr, $bg:expr } { $h:pat, $fh:expr, $bh:expr }]) => {
        match $crate::select3(
            $crate::select2($fa, $fb),
            $crate::select3($fc, $fd, $fe),
            $crate::select3($ff, $fg, $fh),
        )
        .await
        {
            $crate::Either3::First($crate::Either2::First($a)) => $ba,
            $crate::Either3::First($crate::Either2::Second($b)) => $bb,
            $crate::Either3::Second($crate::Either3::First($c)) => $bc,
            $crate::Either3::Second($crate::Either3::Second($d)) => $bd,
            $crate::Either3::Second($crate::Either3::Third($e)) => $be,
            $crate::Either3::Third($crate::Either3::First($f)) => $bf,
            $crate::Either3::Third($crate::Either3::Second($g)) => $bg,
            $crate::Either3::Third($crate::Either3::Third($h)) => $bh,
        }
    };
    (@read $($other:tt)*) => {
        ::core::compile_error!(
            "`select!` takes two to eight branches `pattern = future => expression`; for more of \
             one type there is `select_all`"
        )
    };
    ($($branches:tt)+) => { $crate::select!(@read [] $($branches)+) };
}
