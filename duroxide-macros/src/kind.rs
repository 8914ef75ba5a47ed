//! The two kinds of annotated functions, and what they are called in messages.

/// Which attribute stands on the function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `#[activity]`
    Activity,
    /// `#[orchestration]`
    Orchestration,
}

impl Kind {
    /// `activity` or `orchestration`: the noun, and the attribute's name.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Orchestration => "orchestration",
        }
    }

    /// The type of its first parameter.
    pub(crate) fn context(self) -> &'static str {
        match self {
            Self::Activity => "ActivityContext",
            Self::Orchestration => "OrchestrationContext",
        }
    }

    /// Whether the path of an attribute ends in one of the two.
    pub(crate) fn is_named_by(path: &syn::Path) -> bool {
        let last = path.segments.last();
        last.is_some_and(|last| last.ident == "activity" || last.ident == "orchestration")
    }

    /// The keys that its attribute knows, each as it is written.
    pub(crate) fn keys(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Activity => &[
                ("name", "name = \"charge_card\""),
                ("tag", "tag = \"payments\""),
                ("timeout", "timeout = \"30s\""),
                ("total_timeout", "total_timeout = \"5m\""),
                ("retry", "retry(max_attempts = 5)"),
                ("no_retry", "no_retry = [PaymentError::Declined]"),
                ("data", "data(HttpClient)"),
            ],
            Self::Orchestration => &[
                ("name", "name = \"fulfil_order\""),
                ("version", "version = \"1.2.0\""),
                ("cancellation", "cancellation = \"cooperative\""),
                ("cleanup_deadline", "cleanup_deadline = \"30s\""),
            ],
        }
    }
}
