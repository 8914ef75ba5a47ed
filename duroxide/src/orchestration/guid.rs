//! Values that look random and are the same on every replay.

use std::fmt;
use std::future::{IntoFuture, Ready, ready};

use uuid::{Builder, Uuid};

/// A random-looking id (UUID, version 4) from [`new_guid`](super::OrchestrationContext::new_guid).
///
/// ```
/// use duroxide::OrchestrationContext;
///
/// async fn label(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
///     let id = ctx.new_guid();
///     Ok(format!("{id}, or {:032x}", id.as_u128()))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(Uuid);

impl Guid {
    pub(super) fn from_bits(bits: u128) -> Self {
        Self(Builder::from_random_bytes(bits.to_be_bytes()).into_uuid())
    }

    /// The 128 bits.
    ///
    /// An example stands at [`Guid`].
    pub fn as_u128(self) -> u128 {
        self.0.as_u128()
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Guid> for String {
    fn from(guid: Guid) -> Self {
        guid.to_string()
    }
}

/// The dynamic layer awaits it. There is nothing to wait for, and it never fails.
impl IntoFuture for Guid {
    type Output = Result<String, String>;
    type IntoFuture = Ready<Result<String, String>>;

    fn into_future(self) -> Self::IntoFuture {
        ready(Ok(self.to_string()))
    }
}

/// What [`random`](super::OrchestrationContext::random) can make: integers over their whole range,
/// `f64` in `0.0..1.0`, `bool`.
///
/// ```
/// use duroxide::OrchestrationContext;
///
/// async fn throw(ctx: OrchestrationContext, _input: String) -> Result<String, String> {
///     let (die, chance): (u8, f64) = (ctx.random::<u8>() % 6 + 1, ctx.random());
///     Ok(format!("{die}, and {:.0} %", chance * 100.0))
/// }
/// ```
pub trait Random {
    #[doc(hidden)]
    fn draw(source: &mut dyn FnMut() -> u64) -> Self;
}

macro_rules! random_integers {
    ($($integer:ty)*) => {$(
        impl Random for $integer {
            #[expect(clippy::allow_attributes, reason = "not every width truncates")]
            fn draw(source: &mut dyn FnMut() -> u64) -> Self {
                #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap,
                    clippy::cast_lossless, trivial_numeric_casts,
                    reason = "the low bits are as random as all")]
                let value = source() as $integer;
                value
            }
        }
    )*};
}
random_integers!(u8 u16 u32 u64 i8 i16 i32 i64);
impl Random for u128 {
    fn draw(source: &mut dyn FnMut() -> u64) -> Self {
        u128::from(source()) << 64 | u128::from(source())
    }
}
impl Random for bool {
    fn draw(source: &mut dyn FnMut() -> u64) -> Self {
        source() & 1 == 1
    }
}
impl Random for f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    fn draw(source: &mut dyn FnMut() -> u64) -> Self {
        (source() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// 64 even bits out of a derived id: its fixed version and variant bits are folded away.
#[expect(clippy::cast_possible_truncation, reason = "the two halves")]
pub(super) fn even_bits(bits: u128) -> u64 {
    let [high, low] = [(bits >> 64) as u64, bits as u64];
    low ^ high.rotate_left(32)
}
