//! The five workflows that every guide has, tested as their authors would: in virtual time.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;
use serde::{Deserialize, Serialize};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An approval that somebody gives in three days, or else it is escalated.
mod approval {
    use super::*;

    #[derive(Debug, Serialize, Deserialize, ExternalEvent)]
    #[event(name = "approval")]
    struct Approval {
        by: String,
    }

    #[activity]
    async fn kit_escalate(_ctx: &ActivityContext, request: String) -> Result<String, String> {
        Ok(format!("{request} went to the board"))
    }

    #[orchestration]
    async fn kit_approval(ctx: &OrchestrationContext, request: String) -> Result<String, String> {
        select! {
            approval = ctx.wait_for::<Approval>() => Ok(format!("{request} approved by {}", approval?.by)),
            () = ctx.schedule_timer(3 * DAY) => Ok(kit_escalate(ctx, request).await?),
        }
    }

    #[duroxide::test]
    async fn an_approval_in_time_ends_the_wait(env: TestEnv) {
        let escalated = env.mock::<kit_escalate>(|_| Err("not to be called".to_owned()));
        let handle = kit_approval::start(&env.client(), "a desk".to_owned())
            .await
            .unwrap();
        let by = "Ann".to_owned();
        env.raise_after(2 * DAY, &handle, Approval { by });
        assert_eq!(handle.result().await.unwrap(), "a desk approved by Ann");
        assert_eq!((env.elapsed(), escalated.count()), (2 * DAY, 0));
    }

    #[duroxide::test]
    async fn without_one_it_is_escalated_after_three_days(env: TestEnv) {
        let handle = kit_approval::start(&env.client(), "a desk".to_owned())
            .await
            .unwrap();
        let by = "Ann".to_owned();
        env.raise_after(3 * DAY + HOUR, &handle, Approval { by });
        assert_eq!(handle.result().await.unwrap(), "a desk went to the board");
        assert_eq!(env.elapsed(), 3 * DAY);
    }

    #[duroxide::test]
    async fn a_crash_at_any_event_changes_neither(env: TestEnv) {
        for wait in [2 * DAY, 4 * DAY] {
            let outcome = env.crash_at_every_event(|env| async move {
                let handle = kit_approval::start(&env.client(), "a desk".to_owned());
                let handle = handle.await.unwrap();
                let by = "Ann".to_owned();
                env.raise_after(wait, &handle, Approval { by });
                (handle.result().await.unwrap(), env.elapsed())
            });
            assert_eq!(outcome.await.1, wait.min(3 * DAY));
        }
    }
}

/// A trip whose steps are undone, last first, if a later one fails.
mod saga {
    use super::*;

    #[activity]
    async fn kit_seat(_ctx: &ActivityContext, who: String) -> Result<u32, String> {
        Ok(who.len().try_into().unwrap_or(0))
    }

    #[activity]
    async fn kit_release_seat(_ctx: &ActivityContext, seat: u32) -> Result<(), String> {
        let _ = seat;
        Ok(())
    }

    #[activity]
    async fn kit_room(_ctx: &ActivityContext, who: String) -> Result<String, String> {
        Ok(format!("a room for {who}"))
    }

    #[activity]
    async fn kit_release_room(_ctx: &ActivityContext, room: String) -> Result<(), String> {
        drop(room);
        Ok(())
    }

    #[activity]
    async fn kit_pay(_ctx: &ActivityContext, who: String) -> Result<String, String> {
        Ok(format!("{who} has paid"))
    }

    #[orchestration]
    async fn kit_journey(ctx: &OrchestrationContext, who: String) -> Result<String, String> {
        let mut saga = ctx.saga();
        let seat = kit_seat(ctx, who.clone()).await?;
        saga.undo(move |ctx| async move { kit_release_seat(&ctx, seat).await });
        let room = kit_room(ctx, who.clone()).await?;
        let booked = room.clone();
        saga.undo(move |ctx| async move { kit_release_room(&ctx, room).await });
        let paid = kit_pay(ctx, who).await?;
        Ok(format!("seat {seat}, {booked}, {paid}"))
    }

    #[duroxide::test]
    async fn what_goes_well_is_not_undone(env: TestEnv) {
        let handle = kit_journey::start(&env.client(), "Ann".to_owned())
            .await
            .unwrap();
        let outcome = handle.result().await.unwrap();
        assert_eq!(outcome, "seat 3, a room for Ann, Ann has paid");
        assert!(env.calls_of("kit_release_seat").is_empty());
    }

    #[duroxide::test]
    async fn what_fails_is_undone_last_first(env: TestEnv) {
        env.mock::<kit_pay>(|_| Err("no money".to_owned()));
        let handle = kit_journey::start(&env.client(), "Ann".to_owned()).id("trip");
        let handle = handle.await.unwrap();
        let error = handle.result().await.unwrap_err();
        assert!(error.to_string().contains("no money"), "{error}");
        let snapshot = env.history("trip").await.unwrap().snapshot();
        let room = snapshot.find("activity `kit_release_room`").unwrap();
        let seat = snapshot.find("activity `kit_release_seat`").unwrap();
        assert!(room < seat, "{snapshot}");
    }

    #[duroxide::test]
    async fn a_crash_at_any_event_loses_no_step(env: TestEnv) {
        let undone = env.crash_at_every_event(|env| async move {
            env.mock::<kit_pay>(|_| Err("no money".to_owned()));
            let handle = kit_journey::start(&env.client(), "Ann".to_owned())
                .await
                .unwrap();
            let error = handle.result().await.unwrap_err().to_string();
            let released = |name| !env.calls_of(name).is_empty();
            (
                error,
                released("kit_release_seat"),
                released("kit_release_room"),
            )
        });
        assert!(matches!(undone.await, (_, true, true)));
    }
}

/// Many images at once, not more than three at a time.
mod fan_out {
    use super::*;

    #[activity]
    async fn kit_resize(_ctx: &ActivityContext, image: u64) -> Result<u64, String> {
        Ok(image / 2)
    }

    #[orchestration]
    async fn kit_gallery(ctx: &OrchestrationContext, images: Vec<u64>) -> Result<u64, String> {
        let resized = join_all(images.into_iter().map(|image| kit_resize(ctx, image)));
        let mut sum = 0;
        for size in resized.limit(3).await {
            sum += size?;
        }
        Ok(sum)
    }

    #[duroxide::test]
    async fn nine_images_take_three_rounds(env: TestEnv) {
        let resized = env.mock::<kit_resize>(Ok).delay(HOUR);
        let handle = kit_gallery::start(&env.client(), (1..=9).collect())
            .await
            .unwrap();
        assert_eq!(handle.result().await.unwrap(), 45);
        assert_eq!(env.elapsed(), 3 * HOUR);
        let mut images: Vec<_> = resized.calls().into_iter().map(|(image,)| image).collect();
        images.sort_unstable();
        assert_eq!(images, (1..=9).collect::<Vec<_>>());
    }

    #[duroxide::test]
    async fn one_that_fails_fails_the_gallery(env: TestEnv) {
        env.mock::<kit_resize>(|image| match image {
            2 => Err("damaged".to_owned()),
            image => Ok(image),
        });
        let handle = kit_gallery::start(&env.client(), vec![1, 2, 3])
            .await
            .unwrap();
        let error = handle.result().await.unwrap_err();
        assert!(error.to_string().contains("damaged"), "{error}");
    }
}

/// Something that is done every day, for ever, with a fresh history each time.
mod eternal {
    use super::*;

    #[activity]
    async fn kit_clean(_ctx: &ActivityContext, round: u64) -> Result<u64, String> {
        Ok(round)
    }

    #[orchestration]
    async fn kit_janitor(ctx: &OrchestrationContext, round: u64) -> Result<(), String> {
        let stop = ctx.schedule_wait("stop");
        select! {
            _reason = stop => Ok(()),
            () = ctx.schedule_timer(DAY) => {
                let done = kit_clean(ctx, round).await?;
                kit_janitor::continue_as_new(ctx, done + 1).await
            }
        }
    }

    #[duroxide::test]
    async fn it_goes_on_for_a_hundred_days_and_then_stops(env: TestEnv) {
        let cleaned = env.mock::<kit_clean>(Ok);
        let handle = kit_janitor::start(&env.client(), 1)
            .id("janitor")
            .await
            .unwrap();
        env.raise_event_after(100 * DAY + HOUR, "janitor", "stop", "");
        handle.result().await.unwrap();
        let rounds: Vec<_> = cleaned.calls().into_iter().map(|(round,)| round).collect();
        assert_eq!(rounds, (1..=100).collect::<Vec<_>>());
        let history = env.history("janitor").await.unwrap();
        assert_eq!(history.execution_id.0, 101);
        assert!(history.events.len() < 10, "{}", history.snapshot());
    }
}

/// Two versions side by side: what runs stays on its own.
mod versioned {
    use super::*;

    #[activity]
    async fn kit_price(_ctx: &ActivityContext, version: u32) -> Result<u32, String> {
        Ok(100 * version)
    }

    #[orchestration(name = "kit_quote", version = "1.0.0")]
    async fn kit_quote_1(ctx: &OrchestrationContext) -> Result<u32, String> {
        ctx.schedule_timer(DAY).await;
        Ok(kit_price(ctx, 1).await?)
    }

    #[orchestration(name = "kit_quote", version = "2.0.0")]
    async fn kit_quote_2(ctx: &OrchestrationContext) -> Result<u32, String> {
        let price = kit_price(ctx, 2).await?;
        ctx.schedule_timer(DAY).await;
        Ok(price)
    }

    #[duroxide::test]
    async fn each_instance_stays_on_its_version(env: TestEnv) {
        let priced = env.mock::<kit_price>(Ok);
        let old = kit_quote_1::start(&env.client()).await.unwrap();
        let new = kit_quote_2::start(&env.client()).await.unwrap();
        env.settle().await;
        assert_eq!(priced.calls(), [(2,)], "only the new one asks first");
        env.crash().await;
        assert_eq!(
            (old.result().await.unwrap(), new.result().await.unwrap()),
            (1, 2)
        );
        assert_eq!(env.elapsed(), DAY);
    }

    #[duroxide::test]
    async fn a_start_by_name_gets_the_newest(env: TestEnv) {
        let client = env.client();
        client
            .start_orchestration("q", "kit_quote", "null")
            .await
            .unwrap();
        client.wait_for_orchestration("q", 2 * DAY).await.unwrap();
        let info = client.get_instance_info("q").await.unwrap();
        assert_eq!(info.orchestration_version, "2.0.0");
    }
}
