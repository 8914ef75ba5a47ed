//! Joins and races.

use std::time::Duration;

use duroxide::{
    ActivityContext, ActivityRegistry, Either2, Either3, EventKind, OrchestrationContext,
    OrchestrationRegistry,
};

use super::start;

fn echo() -> ActivityRegistry {
    ActivityRegistry::builder()
        .register("Echo", |_ctx: ActivityContext, text: String| async move {
            Ok(text)
        })
        .register("Never", |ctx: ActivityContext, _text: String| async move {
            ctx.cancelled().await;
            Err("cancelled".to_owned())
        })
        .build()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_joins_in_order() {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "FanOut",
            |ctx: OrchestrationContext, _: String| async move {
                let futures: Vec<_> = (0..20)
                    .map(|number| ctx.schedule_activity("Echo", number.to_string()))
                    .collect();
                let mut all = Vec::new();
                for result in ctx.join(futures).await {
                    all.push(result?);
                }
                let (a, b) = ctx
                    .join2(
                        ctx.schedule_activity("Echo", "a"),
                        ctx.schedule_timer(Duration::from_millis(1)),
                    )
                    .await;
                let (c, (), d) = ctx
                    .join3(
                        ctx.schedule_activity("Echo", "c"),
                        std::future::ready(b),
                        ctx.schedule_activity("Echo", "d"),
                    )
                    .await;
                Ok(format!("{} {} {} {}", all.join(","), a?, c?, d?))
            },
        )
        .build();
    let app = start(echo(), orchestrations).await;
    let output = app.run("a", "FanOut", "").await.unwrap();
    assert_eq!(
        output,
        "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19 a c d"
    );
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_wins_against_what_never_ends_and_cancels_it() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Race", |ctx: OrchestrationContext, _: String| async move {
            let work = ctx.schedule_activity("Never", "");
            let limit = ctx.schedule_timer(Duration::from_millis(20));
            match ctx.select2(work, limit).await {
                Either2::First(done) => done,
                Either2::Second(()) => Ok("too late".to_owned()),
            }
        })
        .build();
    let app = start(echo(), orchestrations).await;
    assert_eq!(app.run("a", "Race", "").await.unwrap(), "too late");
    let history = app.history("a").await;
    assert!(history.iter().any(|event| matches!(&event.kind,
        EventKind::ActivityCancelRequested { reason } if reason == "dropped_future")));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_winner_tells_its_place() {
    let orchestrations = OrchestrationRegistry::builder()
        .register("Race", |ctx: OrchestrationContext, _: String| async move {
            let winner = ctx
                .select2(
                    ctx.schedule_activity("Never", ""),
                    ctx.schedule_activity("Echo", "b"),
                )
                .await;
            let (place, text) = winner.into_tuple();
            let third = ctx
                .select3(
                    ctx.schedule_wait("never"),
                    async { ctx.schedule_activity("Never", "").await.unwrap_or_default() },
                    ctx.schedule_activity("Echo", "c")
                        .map(Result::unwrap_or_default),
                )
                .await;
            assert!(matches!(&third, Either3::Third(text) if text == "c"));
            Ok(format!("{place} {} {}", text?, third.index()))
        })
        .build();
    let app = start(echo(), orchestrations).await;
    assert_eq!(app.run("a", "Race", "").await.unwrap(), "1 b 2");
    app.stop().await;
}
