use std::fs;

use crate::process::Process;
use crate::store;

#[path = "../../custom_provider/feed.rs"]
#[expect(dead_code, reason = "only the program looks at what it hears")]
mod feed;

/// `INSTANCE/EXECUTION/EVENT KIND` of each line that tells of an event.
fn events(lines: &[String]) -> Vec<u64> {
    let event = |line: &String| {
        let (place, _) = line.strip_prefix("bell/1/")?.split_once(' ')?;
        Some(place.parse().unwrap())
    };
    lines.iter().filter_map(event).collect()
}

#[test]
fn each_event_is_told_once_and_only_when_it_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("custom_provider.work/store.redb");
    let before = Process::killed("custom_provider", folder.path(), &[], |line| {
        line.starts_with("bell/1/9 ")
    });
    let before = events(&before);
    let on_disk = store::read(&file)["bell"].history.len() as u64;
    assert!(*before.last().unwrap() <= on_disk, "{before:?} {on_disk}");

    let process = Process::start("custom_provider", folder.path(), &[]);
    let after = process.end().well();
    assert!(
        after.contains(&"the bell rang 10 times".to_owned()),
        "{after:#?}"
    );
    let mut after = events(&after);
    after.sort_unstable();
    // What was on disk when the process was killed is not told again, all else is.
    let all = store::read(&file)["bell"].history.len() as u64;
    assert_eq!(after, (on_disk + 1..=all).collect::<Vec<_>>());
    let rung = fs::read_to_string(folder.path().join("custom_provider.work/rung.csv"));
    assert_eq!(rung.unwrap().lines().count(), 10);
}

mod conformance {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use duroxide::env::TokioEnv;
    use duroxide::provider::ProviderRef;
    use duroxide::provider::conformance::ProviderFactory;
    use duroxide::provider::model::ModelProvider;

    use super::feed::Feed;

    /// The feed around the model, with somebody who listens.
    #[derive(Debug)]
    struct Feeds {
        /// What the last store keeps.
        disk: Mutex<ModelProvider>,
    }

    impl Feeds {
        fn new() -> Self {
            let disk = Mutex::new(empty());
            Self { disk }
        }

        fn open(&self) -> ProviderRef {
            let feed = Feed::of(Arc::new(self.disk.lock().unwrap().clone()));
            let mut heard = feed.listen();
            tokio::spawn(async move { while heard.recv().await.is_ok() {} });
            Arc::new(feed)
        }
    }

    fn empty() -> ModelProvider {
        ModelProvider::new(Arc::new(TokioEnv::new()))
    }

    #[async_trait]
    impl ProviderFactory for Feeds {
        async fn create(&self) -> ProviderRef {
            *self.disk.lock().unwrap() = empty();
            self.open()
        }

        async fn reopen(&self, provider: ProviderRef) -> ProviderRef {
            drop(provider);
            self.disk.lock().unwrap().restart();
            self.open()
        }

        async fn check(&self) -> Result<(), String> {
            self.disk.lock().unwrap().check_invariants()
        }
    }

    duroxide::conformance_tests!(Feeds::new());
}
