use crate::Violations;

/// A message that can be validated. The build-time compiler implements it for every message.
pub trait Validate {
    /// Records every broken rule.
    fn validate(&self, violations: &mut Violations);
}

impl Validate for () {
    fn validate(&self, _violations: &mut Violations) {}
}

impl<V: Validate> Validate for Box<V> {
    fn validate(&self, violations: &mut Violations) {
        (**self).validate(violations);
    }
}

/// Well-known messages have no rules of their own.
macro_rules! without_rules {
    ($($well_known:ty),* $(,)?) => {
        $(impl Validate for $well_known {
            fn validate(&self, _violations: &mut Violations) {}
        })*
    };
}

without_rules! {
    bool, u32, u64, i32, i64, f32, f64, String, Vec<u8>,
    prost_types::Any, prost_types::Duration, prost_types::FieldMask, prost_types::ListValue,
    prost_types::Struct, prost_types::Timestamp, prost_types::Value,
}
