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
        $crate::orchestration::join2($a, $b).await
    };
    ($a:expr, $b:expr, $c:expr $(,)?) => {
        $crate::orchestration::join3($a, $b, $c).await
    };
    ($a:expr, $b:expr, $c:expr, $d:expr $(,)?) => {{
        let (a, (b, c, d)) =
            $crate::orchestration::join2($a, $crate::orchestration::join3($b, $c, $d)).await;
        (a, b, c, d)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr $(,)?) => {{
        let ((a, b), (c, d, e)) = $crate::orchestration::join2(
            $crate::orchestration::join2($a, $b),
            $crate::orchestration::join3($c, $d, $e),
        )
        .await;
        (a, b, c, d, e)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr $(,)?) => {{
        let ((a, b, c), (d, e, f)) = $crate::orchestration::join2(
            $crate::orchestration::join3($a, $b, $c),
            $crate::orchestration::join3($d, $e, $f),
        )
        .await;
        (a, b, c, d, e, f)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr $(,)?) => {{
        let (a, (b, c, d), (e, f, g)) = $crate::orchestration::join3(
            $a,
            $crate::orchestration::join3($b, $c, $d),
            $crate::orchestration::join3($e, $f, $g),
        )
        .await;
        (a, b, c, d, e, f, g)
    }};
    ($a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr, $g:expr, $h:expr $(,)?) => {{
        let ((a, b), (c, d, e), (f, g, h)) = $crate::orchestration::join3(
            $crate::orchestration::join2($a, $b),
            $crate::orchestration::join3($c, $d, $e),
            $crate::orchestration::join3($f, $g, $h),
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
        match $crate::orchestration::select2($fa, $fb).await {
            $crate::orchestration::Either2::First($a) => $ba,
            $crate::orchestration::Either2::Second($b) => $bb,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr }]) => {
        match $crate::orchestration::select3($fa, $fb, $fc).await {
            $crate::orchestration::Either3::First($a) => $ba,
            $crate::orchestration::Either3::Second($b) => $bb,
            $crate::orchestration::Either3::Third($c) => $bc,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }]) => {
        match $crate::orchestration::select2($crate::orchestration::select2($fa, $fb), $crate::orchestration::select2($fc, $fd)).await {
            $crate::orchestration::Either2::First($crate::orchestration::Either2::First($a)) => $ba,
            $crate::orchestration::Either2::First($crate::orchestration::Either2::Second($b)) => $bb,
            $crate::orchestration::Either2::Second($crate::orchestration::Either2::First($c)) => $bc,
            $crate::orchestration::Either2::Second($crate::orchestration::Either2::Second($d)) => $bd,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr }]) => {
        match $crate::orchestration::select2($crate::orchestration::select2($fa, $fb), $crate::orchestration::select3($fc, $fd, $fe)).await {
            $crate::orchestration::Either2::First($crate::orchestration::Either2::First($a)) => $ba,
            $crate::orchestration::Either2::First($crate::orchestration::Either2::Second($b)) => $bb,
            $crate::orchestration::Either2::Second($crate::orchestration::Either3::First($c)) => $bc,
            $crate::orchestration::Either2::Second($crate::orchestration::Either3::Second($d)) => $bd,
            $crate::orchestration::Either2::Second($crate::orchestration::Either3::Third($e)) => $be,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr } { $f:pat, $ff:expr, $bf:expr }]) => {
        match $crate::orchestration::select2($crate::orchestration::select3($fa, $fb, $fc), $crate::orchestration::select3($fd, $fe, $ff)).await
        {
            $crate::orchestration::Either2::First($crate::orchestration::Either3::First($a)) => $ba,
            $crate::orchestration::Either2::First($crate::orchestration::Either3::Second($b)) => $bb,
            $crate::orchestration::Either2::First($crate::orchestration::Either3::Third($c)) => $bc,
            $crate::orchestration::Either2::Second($crate::orchestration::Either3::First($d)) => $bd,
            $crate::orchestration::Either2::Second($crate::orchestration::Either3::Second($e)) => $be,
            $crate::orchestration::Either2::Second($crate::orchestration::Either3::Third($f)) => $bf,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr } { $f:pat, $ff:expr, $bf:expr }
            { $g:pat, $fg:expr, $bg:expr }]) => {
        match $crate::orchestration::select3(
            $crate::orchestration::select2($fa, $fb),
            $crate::orchestration::select2($fc, $fd),
            $crate::orchestration::select3($fe, $ff, $fg),
        )
        .await
        {
            $crate::orchestration::Either3::First($crate::orchestration::Either2::First($a)) => $ba,
            $crate::orchestration::Either3::First($crate::orchestration::Either2::Second($b)) => $bb,
            $crate::orchestration::Either3::Second($crate::orchestration::Either2::First($c)) => $bc,
            $crate::orchestration::Either3::Second($crate::orchestration::Either2::Second($d)) => $bd,
            $crate::orchestration::Either3::Third($crate::orchestration::Either3::First($e)) => $be,
            $crate::orchestration::Either3::Third($crate::orchestration::Either3::Second($f)) => $bf,
            $crate::orchestration::Either3::Third($crate::orchestration::Either3::Third($g)) => $bg,
        }
    };
    (@read [{ $a:pat, $fa:expr, $ba:expr } { $b:pat, $fb:expr, $bb:expr }
            { $c:pat, $fc:expr, $bc:expr } { $d:pat, $fd:expr, $bd:expr }
            { $e:pat, $fe:expr, $be:expr } { $f:pat, $ff:expr, $bf:expr }
            { $g:pat, $fg:expr, $bg:expr } { $h:pat, $fh:expr, $bh:expr }]) => {
        match $crate::orchestration::select3(
            $crate::orchestration::select2($fa, $fb),
            $crate::orchestration::select3($fc, $fd, $fe),
            $crate::orchestration::select3($ff, $fg, $fh),
        )
        .await
        {
            $crate::orchestration::Either3::First($crate::orchestration::Either2::First($a)) => $ba,
            $crate::orchestration::Either3::First($crate::orchestration::Either2::Second($b)) => $bb,
            $crate::orchestration::Either3::Second($crate::orchestration::Either3::First($c)) => $bc,
            $crate::orchestration::Either3::Second($crate::orchestration::Either3::Second($d)) => $bd,
            $crate::orchestration::Either3::Second($crate::orchestration::Either3::Third($e)) => $be,
            $crate::orchestration::Either3::Third($crate::orchestration::Either3::First($f)) => $bf,
            $crate::orchestration::Either3::Third($crate::orchestration::Either3::Second($g)) => $bg,
            $crate::orchestration::Either3::Third($crate::orchestration::Either3::Third($h)) => $bh,
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
