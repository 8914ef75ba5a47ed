//! What a program gives its activities: connections, pools, settings; one value of each type.

use std::any::{Any, TypeId, type_name};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The values, by their types. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct ApplicationData(Arc<BTreeMap<TypeId, Item>>);

#[derive(Clone)]
struct Item {
    type_name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

/// There is no application data of that type: whoever starts the runtime must give it.
///
/// ```
/// use duroxide::ActivityContext;
///
/// struct Prices(Vec<u64>);
///
/// let missing = ActivityContext::for_test().data::<Prices>().err();
/// assert!(missing.is_some_and(|missing| missing.type_name.ends_with("Prices")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no application data of the type `{type_name}`: give it to the runtime with \
     `.data(..)`, in a test to the context with `.with_data(..)`"
)]
pub struct MissingData {
    /// The type that is missing.
    pub type_name: &'static str,
}

impl From<MissingData> for String {
    fn from(missing: MissingData) -> Self {
        missing.to_string()
    }
}

/// A type of which an activity needs a value.
///
/// ```
/// use duroxide::activity::NeededData;
///
/// struct Prices(Vec<u64>);
///
/// const NEEDED: &[NeededData] = &[NeededData::of::<Prices>()]; // as in a `Registration`
/// assert!(format!("{NEEDED:?}").contains("Prices"));
/// ```
#[derive(Clone, Copy)]
pub struct NeededData {
    id: fn() -> TypeId,
    name: fn() -> &'static str,
}

impl NeededData {
    /// The type `T`.
    pub const fn of<T: Send + Sync + 'static>() -> Self {
        Self {
            id: TypeId::of::<T>,
            name: type_name::<T>,
        }
    }
}

impl fmt::Debug for NeededData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str((self.name)())
    }
}

impl ApplicationData {
    /// Takes a value; gives the name of its type if there was one of that type.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> Option<&'static str> {
        let item = Item {
            type_name: type_name::<T>(),
            value: Arc::new(value),
        };
        let before = Arc::make_mut(&mut self.0).insert(TypeId::of::<T>(), item);
        before.map(|item| item.type_name)
    }

    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Result<&T, MissingData> {
        let item = self.0.get(&TypeId::of::<T>());
        item.and_then(|item| item.value.downcast_ref())
            .ok_or_else(|| MissingData {
                type_name: type_name::<T>(),
            })
    }

    /// Whether a value of that type is here.
    pub(crate) fn check(&self, needed: NeededData) -> Result<(), MissingData> {
        let is_here = self.0.contains_key(&(needed.id)());
        is_here.then_some(()).ok_or_else(|| MissingData {
            type_name: (needed.name)(),
        })
    }
}

impl fmt::Debug for ApplicationData {
    /// Types only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.values().map(|item| item.type_name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_type() {
        let mut data = ApplicationData::default();
        assert_eq!(data.insert(7_u32), None);
        assert_eq!(data.insert(8_u32), Some("u32"));
        assert_eq!(data.get::<u32>(), Ok(&8));
        let missing = data.get::<u64>().unwrap_err().to_string();
        assert!(missing.contains("`u64`"), "{missing}");
        assert_eq!(data.check(NeededData::of::<u32>()), Ok(()));
        assert!(data.check(NeededData::of::<u64>()).is_err());
        assert_eq!(format!("{data:?}"), r#"["u32"]"#);
    }
}
