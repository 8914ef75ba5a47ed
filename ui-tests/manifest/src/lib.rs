//! Nothing by itself: what this package has is in its manifest and in its tests.
