//! Start-up: what is found, what is said, what is refused. What needs a program of its own (nothing
//! found, the same name twice) is shown by the documentation of `RuntimeBuilder::start`.

use duroxide::prelude::*;
use duroxide::runtime::StartError;

use super::log::log;
use super::world::stores;

#[activity]
async fn measure(_ctx: &ActivityContext, text: String) -> Result<usize, String> {
    if text.is_empty() {
        return Err("there is nothing to measure".to_owned());
    }
    Ok(text.len())
}

#[orchestration(version = "1.1.0")]
async fn measure_twice(
    ctx: &OrchestrationContext,
    left: String,
    right: String,
) -> Result<usize, String> {
    let measured = join_all([left, right].map(|text| measure(ctx, text))).await;
    let lengths: Vec<usize> = measured.into_iter().collect::<Result<_, _>>()?;
    Ok(lengths.iter().sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn annotated_functions_run_on_every_store() {
    for store in stores() {
        let runtime = Runtime::builder()
            .store(store)
            // Naming what is found by itself is no duplicate.
            .register::<measure>()
            .register::<measure_twice>()
            .start()
            .await
            .unwrap();
        let client = runtime.client();
        let start = |left: &str| measure_twice::start(&client, left.to_owned(), "four".to_owned());
        let handle = start("eleven text").id("m-1").await.unwrap();
        assert_eq!(
            (handle.result().await.unwrap(), handle.created()),
            (15, true)
        );
        let again = start("something else").id("m-1").if_absent().await.unwrap();
        assert_eq!(
            (again.result().await.unwrap(), again.created()),
            (15, false)
        );
        let refused = start("x").id("m-1").await.unwrap_err().to_string();
        assert!(refused.contains("`m-1` exists already"), "{refused}");
        let error = start("").await.unwrap().result().await.unwrap_err();
        let OrchestrationError::Failed(message) = error else {
            panic!("{error}")
        };
        assert_eq!(message, "there is nothing to measure");
        let unknown = measure_twice::handle(&client, "m-2")
            .result()
            .await
            .unwrap_err();
        assert!(
            unknown.to_string().contains("no instance `m-2`"),
            "{unknown}"
        );
        runtime.shutdown(None).await;
    }
}

#[tokio::test]
async fn one_line_says_what_was_found() {
    let log = log();
    let folder = tempfile::TempDir::new().unwrap();
    let store = RedbProvider::open(folder.path().join("one_line.redb")).unwrap();
    let runtime = Runtime::builder().store(store).start().await.unwrap();
    runtime.shutdown(None).await;
    let said = log.lines("duroxide::runtime", |line| {
        line.message == "started" && line.fields.contains("one_line.redb")
    });
    let [line] = &said[..] else {
        panic!("{said:?}")
    };
    for part in [
        "version=",
        "redb file one_line.redb, every commit fsynced",
        "orchestrations=",
        "activities=",
    ] {
        assert!(
            line.fields.contains(part),
            "`{part}` is missing in: {line:?}"
        );
    }
}

#[tokio::test]
async fn a_runtime_needs_a_store() {
    let error = Runtime::builder().start().await.unwrap_err();
    assert!(matches!(error, StartError::NoStore), "{error}");
}
