//! What only types can tell, asked by generated code: whether something that is walked through has an
//! order, whether a static is shared, whether a method reads the clock or the disk.
//!
//! The compiler looks for a method on `&Probe<T>`: if `T` has the property it finds the one whose
//! bound nothing fulfils, and shows that bound's message; else it finds the other one, which does nothing.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet, hash_map, hash_set};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, RwLock, atomic};
use std::thread::LocalKey;
use std::time::{Instant, SystemTime};

/// A type to be asked about.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use duroxide::orchestration::probes::{IsOrdered as _, Probe};
///
/// let stock = BTreeMap::from([("apples", 5), ("pears", 3)]);
/// (&Probe::of(&stock)).__duroxide_walk(); // it has an order: nothing is said
/// ```
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<fn() -> Box<T>>);

impl<T: ?Sized> Probe<T> {
    /// The type of a value.
    #[inline]
    pub fn of(_: &T) -> Self {
        Self(PhantomData)
    }

    /// The type itself.
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: ?Sized> Default for Probe<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The types without an order.
pub trait Unordered {}

/// The others, if anything were to implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is walked through in an orchestration: its order differs from process to process [DX0105]",
    label = "the order differs from process to process",
    note = "use a `BTreeMap` or `BTreeSet`, or walk through `duroxide::sorted(map)`",
    note = "to keep it: `#[duroxide::allow(DX0105, reason = \"..\")]` on this statement",
    note = "more: `cargo duroxide explain DX0105`"
)]
pub trait Ordered {}

/// Found if the type is one of the first.
pub trait IsUnordered<T: ?Sized> {
    /// Complains.
    #[inline]
    fn __duroxide_walk(&self)
    where
        T: Ordered,
    {
    }
}

/// Found if it is one of the others.
pub trait IsOrdered {
    /// Does nothing.
    #[inline]
    fn __duroxide_walk(&self) {}
}

impl<T: ?Sized + Unordered> IsUnordered<T> for Probe<T> {}

impl<T: ?Sized> IsOrdered for &Probe<T> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Unordered> Unordered for &T {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Unordered> Unordered for &mut T {}

/// The types that are written without an order.
pub trait UnorderedParameter {}

/// The others, if anything were to implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a parameter, and is written to the history in an order that differs from process to process [DX0106]",
    label = "a hash map or set",
    note = "take a `BTreeMap` or `BTreeSet`",
    note = "more: `cargo duroxide explain DX0106`"
)]
pub trait OrderedParameter {}

/// Found if the type is one of the first.
pub trait IsUnorderedParameter<T: ?Sized> {
    /// Complains.
    #[inline]
    fn __duroxide_store(&self)
    where
        T: OrderedParameter,
    {
    }
}

/// Found if it is one of the others.
pub trait IsOrderedParameter {
    /// Does nothing.
    #[inline]
    fn __duroxide_store(&self) {}
}

impl<T: ?Sized + UnorderedParameter> IsUnorderedParameter<T> for Probe<T> {}

impl<T: ?Sized> IsOrderedParameter for &Probe<T> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + UnorderedParameter> UnorderedParameter for &T {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + UnorderedParameter> UnorderedParameter for &mut T {}

/// The types whose values change in place.
pub trait Shared {}

/// The others, if anything were to implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is shared by all instances of this process: a replay finds another value there [DX0107]",
    label = "shared state is not in the history",
    note = "pass the value in as a parameter, or ask an activity for it",
    note = "to keep it: `#[duroxide::allow(DX0107, reason = \"..\")]` on this statement",
    note = "more: `cargo duroxide explain DX0107`"
)]
pub trait Unshared {}

/// Found if the type is one of the first.
pub trait IsShared<T: ?Sized> {
    /// Complains.
    #[inline]
    fn __duroxide_share(&self)
    where
        T: Unshared,
    {
    }
}

/// Found if it is one of the others.
pub trait IsUnshared {
    /// Does nothing.
    #[inline]
    fn __duroxide_share(&self) {}
}

impl<T: ?Sized + Shared> IsShared<T> for Probe<T> {}
impl<T: ?Sized> IsUnshared for &Probe<T> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Shared> Shared for &T {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Shared> Shared for &mut T {}

/// The types that know the clock.
pub trait OfTheClock {}

/// The others, if anything were to implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is compared with this worker's clock: a replay reads another time and may take another path [DX0101]",
    label = "reads the clock",
    note = "compare recorded times: `ctx.now()`",
    note = "to keep it: `#[duroxide::allow(DX0101, reason = \"..\")]` on this statement",
    note = "more: `cargo duroxide explain DX0101`"
)]
pub trait NotOfTheClock {}

/// Found if the type is one of the first.
pub trait IsOfTheClock<T: ?Sized> {
    /// Complains.
    #[inline]
    fn __duroxide_clock(&self)
    where
        T: NotOfTheClock,
    {
    }
}

/// Found if it is one of the others.
pub trait IsNotOfTheClock {
    /// Does nothing.
    #[inline]
    fn __duroxide_clock(&self) {}
}

impl<T: ?Sized + OfTheClock> IsOfTheClock<T> for Probe<T> {}
impl<T: ?Sized> IsNotOfTheClock for &Probe<T> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + OfTheClock> OfTheClock for &T {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + OfTheClock> OfTheClock for &mut T {}

/// The types that name a file.
pub trait OfTheDisk {}

/// The others, if anything were to implement it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is looked up in the file system: a replay does it again, and finds something else [DX0111]",
    label = "touches the file system",
    note = "move it into an `#[activity]`",
    note = "to keep it: `#[duroxide::allow(DX0111, reason = \"..\")]` on this statement",
    note = "more: `cargo duroxide explain DX0111`"
)]
pub trait NotOfTheDisk {}

/// Found if the type is one of the first.
pub trait IsOfTheDisk<T: ?Sized> {
    /// Complains.
    #[inline]
    fn __duroxide_file(&self)
    where
        T: NotOfTheDisk,
    {
    }
}

/// Found if it is one of the others.
pub trait IsNotOfTheDisk {
    /// Does nothing.
    #[inline]
    fn __duroxide_file(&self) {}
}

impl<T: ?Sized + OfTheDisk> IsOfTheDisk<T> for Probe<T> {}
impl<T: ?Sized> IsNotOfTheDisk for &Probe<T> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + OfTheDisk> OfTheDisk for &T {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + OfTheDisk> OfTheDisk for &mut T {}

macro_rules! have {
    ($property:ident: $([$($generics:tt)*] $ty:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $property for $ty {}
    )*};
}

have! { Unordered:
    [K, V, S] HashMap<K, V, S>;
    [K, V] hash_map::Iter<'_, K, V>;
    [K, V] hash_map::IterMut<'_, K, V>;
    [K, V] hash_map::IntoIter<K, V>;
    [K, V] hash_map::Keys<'_, K, V>;
    [K, V] hash_map::IntoKeys<K, V>;
    [K, V] hash_map::Values<'_, K, V>;
    [K, V] hash_map::ValuesMut<'_, K, V>;
    [K, V] hash_map::IntoValues<K, V>;
    [K, V] hash_map::Drain<'_, K, V>;
    [T, S] HashSet<T, S>;
    [T] hash_set::Iter<'_, T>;
    [T] hash_set::IntoIter<T>;
    [T] hash_set::Drain<'_, T>;
    [T, S] hash_set::Union<'_, T, S>;
    [T, S] hash_set::Intersection<'_, T, S>;
    [T, S] hash_set::Difference<'_, T, S>;
    [T, S] hash_set::SymmetricDifference<'_, T, S>;
}

have! { UnorderedParameter:
    [K, V, S] HashMap<K, V, S>;
    [T, S] HashSet<T, S>;
}

have! { Shared:
    [] atomic::AtomicBool;
    [] atomic::AtomicU8;
    [] atomic::AtomicU16;
    [] atomic::AtomicU32;
    [] atomic::AtomicU64;
    [] atomic::AtomicUsize;
    [] atomic::AtomicI8;
    [] atomic::AtomicI16;
    [] atomic::AtomicI32;
    [] atomic::AtomicI64;
    [] atomic::AtomicIsize;
    [T] atomic::AtomicPtr<T>;
    [T: ?Sized] Mutex<T>;
    [T: ?Sized] RwLock<T>;
    [T] OnceLock<T>;
    [T: 'static] LocalKey<T>;
    [T: ?Sized] Cell<T>;
    [T: ?Sized] RefCell<T>;
    [T] OnceCell<T>;
}

have! { OfTheClock:
    [] Instant;
    [] SystemTime;
}

have! { OfTheDisk:
    [] Path;
    [] PathBuf;
}
