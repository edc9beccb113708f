use std::sync::Arc;

use serde_json::Value;

use crate::evaluation::Variant;

mod sealed {
    pub trait Sealed {}
}

/// A type of flags: `bool`, `i64`, `f64`, `Arc<str>` and `serde_json::Value`.
pub trait FlagValue: Clone + Send + Sync + sealed::Sealed + 'static {
    /// The name of the type in messages.
    const TYPE: &'static str;

    /// Returns the value of a variant. `None` if it has another type.
    fn of(variant: &Variant) -> Option<Self>;
}

impl sealed::Sealed for bool {}
impl FlagValue for bool {
    const TYPE: &'static str = "boolean";

    fn of(variant: &Variant) -> Option<Self> {
        variant.value.as_bool()
    }
}

impl sealed::Sealed for i64 {}
impl FlagValue for i64 {
    const TYPE: &'static str = "integer";

    fn of(variant: &Variant) -> Option<Self> {
        /// 2^63. Integral floats from -2^63 to below 2^63 fit into an `i64`.
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        variant.value.as_i64().or_else(|| {
            let number = variant.value.as_f64()?;
            let fits = number.fract() == 0.0 && (-BEYOND..BEYOND).contains(&number);
            fits.then_some(number as Self)
        })
    }
}

impl sealed::Sealed for f64 {}
impl FlagValue for f64 {
    const TYPE: &'static str = "float";

    fn of(variant: &Variant) -> Option<Self> {
        variant.value.as_f64()
    }
}

impl sealed::Sealed for Arc<str> {}
impl FlagValue for Arc<str> {
    const TYPE: &'static str = "string";

    fn of(variant: &Variant) -> Option<Self> {
        variant.text.clone()
    }
}

impl sealed::Sealed for Value {}
impl FlagValue for Value {
    const TYPE: &'static str = "object";

    fn of(variant: &Variant) -> Option<Self> {
        variant.value.is_object().then(|| variant.value.clone())
    }
}
