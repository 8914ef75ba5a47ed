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
    FanOut = "docs/guide/fan-out.md";
    Children = "docs/guide/children.md";
    Events = "docs/guide/events.md";
    Determinism = "docs/guide/determinism.md";
    Cancellation = "docs/guide/cancellation.md";
    Versioning = "docs/guide/versioning.md";
    Running = "docs/guide/running.md";
    Troubleshooting = "docs/guide/troubleshooting.md";
    Observability = "docs/observability.md";
    Dynamic = "docs/guide/dynamic.md";
    Testing = "docs/guide/testing.md";
    Lints = "docs/lints/README.md";
    Dx0001 = "docs/lints/DX0001.md";
    Dx0002 = "docs/lints/DX0002.md";
    Dx0003 = "docs/lints/DX0003.md";
    Dx0004 = "docs/lints/DX0004.md";
    Dx0005 = "docs/lints/DX0005.md";
    Dx0006 = "docs/lints/DX0006.md";
    Dx0007 = "docs/lints/DX0007.md";
    Dx0101 = "docs/lints/DX0101.md";
    Dx0102 = "docs/lints/DX0102.md";
    Dx0103 = "docs/lints/DX0103.md";
    Dx0104 = "docs/lints/DX0104.md";
    Dx0105 = "docs/lints/DX0105.md";
    Dx0106 = "docs/lints/DX0106.md";
    Dx0107 = "docs/lints/DX0107.md";
    Dx0108 = "docs/lints/DX0108.md";
    Dx0109 = "docs/lints/DX0109.md";
    Dx0110 = "docs/lints/DX0110.md";
    Dx0111 = "docs/lints/DX0111.md";
    Dx0112 = "docs/lints/DX0112.md";
    Dx0113 = "docs/lints/DX0113.md";
    Dx0114 = "docs/lints/DX0114.md";
    Dx0115 = "docs/lints/DX0115.md";
    Dx0116 = "docs/lints/DX0116.md";
    Dx0117 = "docs/lints/DX0117.md";
    Dx0201 = "docs/lints/DX0201.md";
    Dx0202 = "docs/lints/DX0202.md";
    Dx0203 = "docs/lints/DX0203.md";
    Dx0204 = "docs/lints/DX0204.md";
    Dx0301 = "docs/lints/DX0301.md";
    Dx0302 = "docs/lints/DX0302.md";
    Dx0303 = "docs/lints/DX0303.md";
    Dx0304 = "docs/lints/DX0304.md";
    Dx0401 = "docs/lints/DX0401.md";
    Dx0402 = "docs/lints/DX0402.md";
    Dx0501 = "docs/lints/DX0501.md";
    HowItIsTested = "docs/testing.md";
    Migrating = "docs/migrating.md";
    ProviderGuide = "docs/provider-guide.md";
    StorageFormat = "docs/storage-format.md";
    Performance = "docs/performance.md";
    Internals = "docs/internals.md";
    Guarantees = "docs/guarantees.md";
    Hardening = "docs/hardening.md";
    Mutants = "docs/mutants.md";
    Decisions = "docs/decisions/README.md";
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
    Decision11 = "docs/decisions/0011-cancellation-drops-or-cooperates.md";
    Decision12 = "docs/decisions/0012-values-travel-with-the-start.md";
    Decision13 = "docs/decisions/0013-patches-look-ahead.md";
    Decision14 = "docs/decisions/0014-the-journal-is-an-option.md";
    Decision15 = "docs/decisions/0015-a-store-in-the-process.md";
    Decision16 = "docs/decisions/0016-types-decide-what-can-be-awaited.md";
    Decision17 = "docs/decisions/0017-the-dynamic-layer-is-the-engine-room.md";
    Decision18 = "docs/decisions/0018-a-codec-stands-in-front-of-the-store.md";
    Decision19 = "docs/decisions/0019-who-waited-longest-keeps-watch.md";
    Decision20 = "docs/decisions/0020-one-name-two-namespaces.md";
    Decision21 = "docs/decisions/0021-orchestrations-run-on-plain-threads.md";
}
