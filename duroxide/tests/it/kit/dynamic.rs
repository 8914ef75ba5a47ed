//! The dynamic layer: names as strings, text in and out. Mocks and virtual time are for it too.

use duroxide::testing::TestEnv;
use duroxide::{ActivityContext, ActivityRegistry, OrchestrationContext, OrchestrationRegistry};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn register(env: &TestEnv) {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Reminder",
            |ctx: OrchestrationContext, who: String| async move {
                ctx.schedule_timer(7 * DAY).await;
                let sent = ctx.schedule_activity("Mail", who).await?;
                let filed = ctx.schedule_sub_orchestration("File", sent.clone());
                let filed = filed.await.map_err(|error| format!("not filed: {error}"))?;
                Ok(format!("{sent}, {filed}"))
            },
        )
        .register(
            "File",
            |_ctx: OrchestrationContext, what: String| async move { Ok(format!("filed {what}")) },
        )
        .build();
    let activities = ActivityRegistry::builder()
        .register("Mail", |_ctx: ActivityContext, who: String| async move {
            Ok(format!("mail to {who}"))
        })
        .build();
    env.register_orchestrations(&orchestrations);
    env.register_activities(&activities);
}

async fn remind(env: &TestEnv) -> Result<String, String> {
    let client = env.client();
    client
        .start_orchestration("r", "Reminder", "Ann")
        .await
        .unwrap();
    match client.wait_for_orchestration("r", 30 * DAY).await.unwrap() {
        duroxide::OrchestrationStatus::Completed { output, .. } => Ok(output),
        duroxide::OrchestrationStatus::Failed { details, .. } => Err(details.display_message()),
        other => panic!("unexpected: {other:?}"),
    }
}

#[duroxide::test]
async fn closures_by_name_run_in_virtual_time(env: TestEnv) {
    register(&env);
    assert_eq!(
        remind(&env).await.unwrap(),
        "mail to Ann, filed mail to Ann"
    );
    assert_eq!(env.elapsed(), 7 * DAY);
}

#[duroxide::test]
async fn activities_are_mocked_by_name(env: TestEnv) {
    register(&env);
    let mailed = env.mock_named("Mail", |who| Ok(format!("no mail to {who}")));
    assert_eq!(
        remind(&env).await.unwrap(),
        "no mail to Ann, filed no mail to Ann"
    );
    assert_eq!(mailed.calls(), [("Ann".to_owned(),)]);
}

#[duroxide::test]
async fn children_are_mocked_by_name(env: TestEnv) {
    register(&env);
    let filed = env.mock_child_named("File", |_| Ok("shredded".to_owned()));
    assert_eq!(remind(&env).await.unwrap(), "mail to Ann, shredded");
    assert_eq!(filed.count(), 1);
    let filed = env.mock_child_named("File", |_| Err("full".to_owned()));
    env.client().delete_instance("r", false).await.unwrap();
    assert_eq!(remind(&env).await.unwrap_err(), "not filed: full");
    assert_eq!(filed.count(), 1);
}

#[duroxide::test]
async fn what_is_only_mocked_need_not_exist(env: TestEnv) {
    let orchestrations = OrchestrationRegistry::builder()
        .register(
            "Reminder",
            |ctx: OrchestrationContext, who: String| async move {
                ctx.schedule_activity("ElsewhereOnly", who).await
            },
        )
        .build();
    env.register_orchestrations(&orchestrations);
    env.mock_named("ElsewhereOnly", |who| Ok(who.to_uppercase()))
        .fail_first(0, String::new())
        .delay(DAY);
    assert_eq!(remind(&env).await.unwrap(), "ANN");
    assert_eq!(env.elapsed(), DAY);
}
