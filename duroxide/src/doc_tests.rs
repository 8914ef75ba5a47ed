//! The pages of the repository as documentation of empty types, so that each of their code blocks
//! is compiled, and run where it can be. A test checks that no page is missing here.

#![expect(
    missing_debug_implementations,
    reason = "there are never values of these"
)]

macro_rules! pages {
    ($($name:ident = $page:literal;)*) => {$(
        #[doc = include_str!(concat!("../../", $page))]
        pub struct $name;
    )*};
}

pages! {
    Readme = "README.md";
    Architecture = "ARCHITECTURE.md";
    Contributing = "CONTRIBUTING.md";
    Changelog = "CHANGELOG.md";
    GettingStarted = "docs/guide/getting-started.md";
    Orchestrations = "docs/guide/orchestrations.md";
    Activities = "docs/guide/activities.md";
    Events = "docs/guide/events.md";
    Running = "docs/guide/running.md";
    Dynamic = "docs/guide/dynamic.md";
    ProviderGuide = "docs/provider-guide.md";
    StorageFormat = "docs/storage-format.md";
    Performance = "docs/performance.md";
    Decision1 = "docs/decisions/0001-messages-one-by-one.md";
    Decision2 = "docs/decisions/0002-callers-apply-one-thread-makes-durable.md";
    Decision3 = "docs/decisions/0003-memory-is-trusted-by-turn-id.md";
    Decision4 = "docs/decisions/0004-one-check-of-commits.md";
    Decision5 = "docs/decisions/0005-full-turns-are-cut.md";
    Decision6 = "docs/decisions/0006-ids-derive-from-a-seed.md";
    Decision7 = "docs/decisions/0007-bincode-behind-an-envelope.md";
    Decision8 = "docs/decisions/0008-more-than-the-history-is-nondeterminism.md";
    Decision9 = "docs/decisions/0009-events-keep-their-order.md";
    Decision10 = "docs/decisions/0010-suspects-start-alone.md";
}
