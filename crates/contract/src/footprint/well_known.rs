//! The well-known messages, which are not generated.

use prost_types::{ListValue, Struct, Value};

use super::{WireField, WireMessage};

/// Implements [`WireMessage`] for types whose fields are plain.
macro_rules! plain {
    ($($well_known:ty),* $(,)?) => {
        $(impl WireMessage for $well_known {})*
    };
}

plain! {
    (), bool, u32, u64, i32, i64, f32, f64, String, Vec<u8>,
    prost_types::Any, prost_types::Duration, prost_types::Timestamp,
}

impl WireMessage for prost_types::FieldMask {
    fn wire_field(number: u32) -> WireField {
        match number {
            1 => WireField::texts(),
            _ => WireField::PLAIN,
        }
    }
}

impl WireMessage for Struct {
    fn wire_field(number: u32) -> WireField {
        match number {
            1 => WireField::map::<String, Value>(|number| match number {
                2 => WireField::inline::<Value>(),
                _ => WireField::PLAIN,
            }),
            _ => WireField::PLAIN,
        }
    }
}

impl WireMessage for Value {
    fn wire_field(number: u32) -> WireField {
        match number {
            5 => WireField::inline::<Struct>(),
            6 => WireField::inline::<ListValue>(),
            _ => WireField::PLAIN,
        }
    }
}

impl WireMessage for ListValue {
    fn wire_field(number: u32) -> WireField {
        match number {
            1 => WireField::messages::<Value>(),
            _ => WireField::PLAIN,
        }
    }
}
