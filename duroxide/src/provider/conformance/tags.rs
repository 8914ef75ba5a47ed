//! Tags: a worker gets the activities that its filter lets through, others wait for another one.

use std::pin::{Pin, pin};

use futures_util::FutureExt as _;

use crate::provider::{ActivityFetch, TagFilter};

use super::assertions::only;
use super::driver::{ALL, Driver, LONG};
use super::{ProviderFactory, Turn, one_of};

/// An instance with three activities: without a tag, for gpus, for printers.
async fn three(driver: &Driver<'_>) {
    driver
        .begin("a", |turn| {
            let turn = turn.schedule_tagged("gpu", "render");
            turn.schedule("plain", "")
                .schedule_tagged("printer", "print")
        })
        .await;
}

/// The names of what a worker with this filter gets, in order.
async fn names(driver: &Driver<'_>, tags: TagFilter) -> Vec<String> {
    let fetch = ActivityFetch::new(ALL, LONG).tags(tags);
    let items = driver.fetch_activities(fetch).await.into_iter();
    items.map(|item| item.request.unwrap().name).collect()
}

/// The filter that says nothing takes what has no tag.
pub async fn a_worker_without_tags_gets_what_has_none(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    three(&driver).await;
    assert_eq!(names(&driver, TagFilter::DefaultOnly).await, ["plain"]);
    driver.expect_no_activity().await;
}

/// A worker with tags gets what has one of them.
pub async fn a_worker_with_tags_gets_what_has_them(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    three(&driver).await;
    assert_eq!(
        names(&driver, TagFilter::tags(["gpu", "x"])).await,
        ["render"]
    );
    driver
        .expect_nothing_for(one_of(TagFilter::tags(["gpu", "x"])), |turn| {
            turn.schedule_tagged("x", "sentinel")
        })
        .await;
    assert_eq!(
        names(&driver, TagFilter::tags(["printer"])).await,
        ["print"]
    );
}

/// Several tags are one queue, in the order of arrival.
pub async fn several_tags_are_one_queue(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    three(&driver).await;
    let both = TagFilter::tags(["printer", "gpu"]);
    assert_eq!(names(&driver, both).await, ["render", "print"]);
}

/// A worker may take its tags and what has none.
pub async fn a_worker_gets_its_tags_and_the_rest(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    three(&driver).await;
    let filter = TagFilter::default_and(["printer"]);
    assert_eq!(names(&driver, filter).await, ["plain", "print"]);
    driver
        .expect_nothing_for(one_of(TagFilter::default_and(["printer"])), |turn| {
            turn.schedule("sentinel", "")
        })
        .await;
}

/// A worker that takes any gets all, in the order of arrival.
pub async fn a_worker_for_any_tag_gets_all(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    three(&driver).await;
    let expected = ["render", "plain", "print"];
    assert_eq!(names(&driver, TagFilter::Any).await, expected);
}

/// A worker that takes none gets nothing, and holds nobody up.
pub async fn a_worker_for_nothing_gets_nothing(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    three(&driver).await;
    let none = pin!(driver.store.fetch_activities(one_of(TagFilter::None)));
    let no_tag = one_of(TagFilter::tags(Vec::<String>::new()));
    let no_tag = pin!(driver.store.fetch_activities(no_tag));
    let mut parked = [none as Pin<&mut dyn Future<Output = _>>, no_tag];
    for _ in 0..2 {
        for fetch in &mut parked {
            if let Some(items) = fetch.as_mut().now_or_never() {
                panic!("there should be no activity: {items:?}");
            }
        }
        let fetch = ActivityFetch::new(ALL, LONG).tags(TagFilter::Any);
        for item in driver.fetch_activities(fetch).await {
            assert_eq!(item.attempt, 1);
            driver.complete(&item, "").await;
        }
        three_more(&driver).await;
    }
}

async fn three_more(driver: &Driver<'_>) {
    let id = super::assertions::fresh("a");
    let script = |turn: Turn| turn.schedule("x", "").schedule_tagged("gpu", "y");
    driver.begin(&id, script).await;
}

/// The tag comes with the activity, as it was written.
pub async fn a_tag_comes_with_its_activity(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let tags = ["gpu", "GPU", "a b", "\u{1f980}", "gpu2", ""];
    let script = |turn: Turn| {
        let ask = |turn: Turn, tag: &&str| turn.schedule_tagged(tag, tag);
        tags.iter().fold(turn, ask)
    };
    driver.begin("a", script).await;
    for tag in tags.iter().rev() {
        let item = only(
            driver
                .fetch_activities(one_of(TagFilter::tags([*tag])))
                .await,
        );
        assert_eq!(item.request.unwrap().tag.as_deref(), Some(*tag));
    }
}

/// An activity that was given back, or whose worker is gone, keeps its tag.
pub async fn a_tag_stays(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    driver
        .begin("a", |turn| turn.schedule_tagged("gpu", "render"))
        .await;
    let gpu = || TagFilter::tags(["gpu"]);
    let item = only(driver.fetch_activities(one_of(gpu())).await);
    driver.abandon_activity(&item).await;
    driver.expect_no_activity().await;
    let short = ActivityFetch::new(1, driver.short()).tags(gpu());
    only(driver.fetch_activities(short).await);
    let item = only(driver.fetch_activities(one_of(gpu())).await);
    assert_eq!(item.attempt, 3);
    let driver = driver.reopen().await;
    driver.expect_no_activity().await;
    assert_eq!(driver.work(one_of(gpu())).await, "render");
}

/// A parked worker wakes for its own tag, and sleeps on for others.
pub async fn a_worker_wakes_for_its_tag(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let fetches = ["gpu", "printer"].map(|tag| {
        let (store, fetch) = (driver.share(), one_of(TagFilter::tags([tag])));
        tokio::spawn(async move { only(store.fetch_activities(fetch).await.unwrap()) })
    });
    three(&driver).await;
    for (fetch, expected) in fetches.into_iter().zip(["render", "print"]) {
        let item = driver.patiently(fetch).await.unwrap();
        assert_eq!(item.request.unwrap().name, expected);
    }
    assert_eq!(names(&driver, TagFilter::DefaultOnly).await, ["plain"]);
}

/// What nobody takes holds nobody up, however much of it there is.
pub async fn what_is_kept_back_holds_nobody_up(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let script = |turn: Turn| {
        let many = (0..200).fold(turn, |turn, _| turn.schedule_tagged("nobody", "x"));
        many.schedule("plain", "")
    };
    driver.begin("a", script).await;
    assert_eq!(names(&driver, TagFilter::DefaultOnly).await, ["plain"]);
    let fetch = TagFilter::tags(["nobody"]);
    assert_eq!(names(&driver, fetch).await.len(), 200, "nothing is lost");
}

/// A tagged activity can be cancelled, completed and renewed like any other.
pub async fn a_tagged_activity_is_like_any_other(factory: &dyn ProviderFactory) {
    let driver = Driver::new(factory).await;
    let id = driver
        .begin("a", |turn| {
            turn.schedule_tagged("gpu", "x").schedule_tagged("gpu", "y")
        })
        .await;
    let gpu = || one_of(TagFilter::tags(["gpu"]));
    let x = only(driver.fetch_activities(gpu()).await);
    driver.store.renew_activity(&x.lock, LONG).await.unwrap();
    driver.complete(&x, "done").await;
    driver
        .turn_of(&id, |turn| turn.cancel_activity(crate::history::EventId(3)))
        .await;
    driver
        .expect_nothing_for(gpu(), |turn| turn.schedule_tagged("gpu", "sentinel"))
        .await;
}
