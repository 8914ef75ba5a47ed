//! Which queued activities a worker takes.

use std::collections::BTreeSet;

/// Which activities a worker takes, by their tag.
///
/// ```
/// use duroxide::TagFilter;
///
/// let gpu = TagFilter::tags(["gpu"]);
/// assert!(gpu.matches(Some("gpu")) && !gpu.matches(None));
/// assert!(TagFilter::default_and(["gpu"]).matches(None));
/// assert!(TagFilter::any().matches(Some("gpu")) && !TagFilter::none().matches(None));
/// assert_eq!(TagFilter::default_only(), TagFilter::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagFilter {
    /// Those without a tag.
    #[default]
    DefaultOnly,
    /// Those with one of these tags.
    Tags(BTreeSet<String>),
    /// Those without a tag, and those with one of these.
    DefaultAnd(BTreeSet<String>),
    /// All.
    Any,
    /// None.
    None,
}

impl TagFilter {
    /// Those with one of these tags.
    pub fn tags(tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::Tags(tags.into_iter().map(Into::into).collect())
    }

    /// Those without a tag, and those with one of these.
    pub fn default_and(tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::DefaultAnd(tags.into_iter().map(Into::into).collect())
    }

    /// Those without a tag.
    pub fn default_only() -> Self {
        Self::DefaultOnly
    }

    /// All.
    pub fn any() -> Self {
        Self::Any
    }

    /// None.
    pub fn none() -> Self {
        Self::None
    }

    /// Whether an activity with this tag is taken.
    pub fn matches(&self, tag: Option<&str>) -> bool {
        match (self, tag) {
            (Self::Any, _) | (Self::DefaultOnly | Self::DefaultAnd(_), None) => true,
            (Self::None, _) | (Self::DefaultOnly, Some(_)) | (Self::Tags(_), None) => false,
            (Self::Tags(tags) | Self::DefaultAnd(tags), Some(tag)) => tags.contains(tag),
        }
    }
}
