//! Starting instances: once, whatever the caller has to repeat.

use std::time::Duration;

use duroxide::{Client, ClientError, OrchestrationStatus, join_all};

use super::world::{completed, everywhere, program, stores};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_start_again_starts_nothing() {
    let program = program(|ctx, input| async move { ctx.schedule_activity("echo", input).await });
    everywhere(program, async |world| {
        let client = &world.client;
        let starts = (0..20).map(|_| client.start_orchestration("a", "main", "x"));
        for outcome in join_all(starts).await {
            outcome.unwrap();
        }
        assert_eq!(completed(world.end("a").await), "x");
        client.start_orchestration("a", "main", "x").await.unwrap();
        for (name, input) in [("main", "y"), ("other", "x")] {
            let error = client
                .start_orchestration("a", name, input)
                .await
                .unwrap_err();
            let ClientError::AlreadyExists {
                instance_id,
                orchestration,
                status,
            } = error
            else {
                panic!("{error}");
            };
            assert_eq!(
                (instance_id.as_str(), orchestration.as_str()),
                ("a", "main")
            );
            assert!(status.is_terminal());
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_call_says_what_is_wrong_and_writes_nothing() {
    for store in stores() {
        let client = Client::new(store);
        for (id, name, version, expected) in [
            ("", "main", "1.0.0", "is empty"),
            ("a b", "main", "1.0.0", "' '"),
            ("a", "", "1.0.0", "orchestration name"),
            ("a", "__main", "1.0.0", "reserved"),
            ("a", "main", "one", "`one`"),
        ] {
            let error = client
                .start_orchestration_versioned(id, name, version, "x")
                .await;
            let error = error.unwrap_err();
            assert!(matches!(error, ClientError::InvalidInput { .. }), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
        let status = client.get_orchestration_status("a").await.unwrap();
        assert_eq!(status, OrchestrationStatus::NotFound);
        assert!(client.list_all_instances().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_gives_up_in_time_and_may_begin_before_the_start() {
    let program = program(|_, input| async move { Ok(input) });
    everywhere(program, async |world| {
        let gave_up = world
            .client
            .wait_for_orchestration("a", Duration::from_millis(20))
            .await;
        assert!(matches!(gave_up, Err(ClientError::Timeout)));
        let client = world.client.clone();
        let waiting = tokio::spawn(async move {
            client
                .wait_for_orchestration("a", super::world::PATIENCE)
                .await
        });
        world
            .client
            .start_orchestration("a", "main", "x")
            .await
            .unwrap();
        assert_eq!(completed(waiting.await.unwrap().unwrap()), "x");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_instances_are_listed_in_order() {
    for store in stores() {
        let client = Client::new(store);
        let mut expected: Vec<String> = (0..2_500).map(|n| format!("i-{n}")).collect();
        join_all(
            expected
                .iter()
                .map(|id| client.start_orchestration(id, "main", "")),
        )
        .await;
        expected.sort();
        assert_eq!(client.list_all_instances().await.unwrap(), expected);
    }
}
