//! Versions side by side.

use duroxide::runtime::VersionPolicy;
use duroxide::{OrchestrationContext, OrchestrationRegistry, OrchestrationRegistryBuilder};

use super::{PATIENCE, no_activities, start};

/// `Work` in three versions, each of which tells its own.
fn versions() -> OrchestrationRegistryBuilder {
    let tell =
        |ctx: OrchestrationContext, _: String| async move { Ok(ctx.orchestration_version()) };
    OrchestrationRegistry::builder()
        .register("Work", tell)
        .register_versioned("Work", "1.1.0", tell)
        .register_versioned("Work", "2.0.0", tell)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_takes_the_highest_version_or_the_one_it_names() {
    let app = start(no_activities(), versions().build()).await;
    assert_eq!(app.run("a", "Work", "").await.unwrap(), "2.0.0");
    let exact = app
        .client
        .start_orchestration_versioned("b", "Work", "1.1.0", "")
        .await;
    exact.unwrap();
    assert_eq!(app.end("b").await.unwrap(), "1.1.0");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_pins_starts_without_a_version() {
    let pinned = VersionPolicy::Exact(semver::Version::new(1, 1, 0));
    let mut registry = versions()
        .set_policy("Work", pinned)
        .build_result()
        .unwrap();
    assert_eq!(
        registry.resolve_version("Work"),
        Some(semver::Version::new(1, 1, 0))
    );
    let app = start(no_activities(), registry.clone()).await;
    assert_eq!(app.run("a", "Work", "").await.unwrap(), "1.1.0");
    app.stop().await;
    registry.set_version_policy("Work", VersionPolicy::Latest);
    let app = start(no_activities(), registry).await;
    assert_eq!(app.run("a", "Work", "").await.unwrap(), "2.0.0");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn children_go_by_version_or_by_policy() {
    let registry = versions()
        .register(
            "Parent",
            |ctx: OrchestrationContext, _: String| async move {
                let old = ctx
                    .schedule_sub_orchestration_versioned("Work", Some("1.0.0".to_string()), "")
                    .await?;
                let new = ctx.schedule_sub_orchestration("Work", "").await?;
                Ok(format!("{old} {new}"))
            },
        )
        .build();
    let app = start(no_activities(), registry).await;
    assert_eq!(app.run("p", "Parent", "").await.unwrap(), "1.0.0 2.0.0");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn continue_as_new_upgrades() {
    let registry = OrchestrationRegistry::builder()
        .register("Loop", |ctx: OrchestrationContext, _: String| async move {
            ctx.continue_as_new_versioned("1.1.0", "from 1.0.0").await
        })
        .register_versioned_typed(
            "Loop",
            "1.1.0",
            |_: OrchestrationContext, input: String| async move { Ok(format!("{input} to 1.1.0")) },
        )
        .build();
    let app = start(no_activities(), registry).await;
    let client = &app.client;
    client
        .start_orchestration_versioned("a", "Loop", "1.0.0", "")
        .await
        .unwrap();
    let output = client
        .wait_for_orchestration_typed::<String>("a", PATIENCE)
        .await
        .unwrap();
    assert_eq!(output.unwrap(), "from 1.0.0 to 1.1.0");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn registries_are_merged_and_copied() {
    let other = OrchestrationRegistry::builder()
        .register(
            "Other",
            |_: OrchestrationContext, text: String| async move { Ok(text) },
        )
        .build();
    let merged = OrchestrationRegistry::builder_from(&other)
        .merge(versions().build())
        .build_result()
        .unwrap();
    assert_eq!(merged.list_names(), ["Other", "Work"]);
    assert_eq!((merged.count(), merged.list_versions("Work").len()), (4, 3));
    let app = start(no_activities(), merged).await;
    assert_eq!(app.run("a", "Other", "x").await.unwrap(), "x");
    assert_eq!(app.run("b", "Work", "").await.unwrap(), "2.0.0");
    app.stop().await;
    let twice = versions().merge(versions().build()).build_result();
    let problem: String = twice.unwrap_err().into();
    assert!(problem.contains("registered twice"), "{problem}");
}
