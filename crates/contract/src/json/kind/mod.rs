//! The kinds of field values, each with its JSON form.

mod binary;
mod boolean;
mod duration;
mod enumeration;
mod field_mask;
mod floating;
mod integer;
mod leaf;
mod message;
mod structure;
mod text;
mod timestamp;

use std::borrow::Cow;

use serde::Deserializer;

pub use binary::Binary;
pub use boolean::Boolean;
pub use duration::Duration;
pub use enumeration::{Enumeration, JsonEnum, NullValue};
pub use field_mask::FieldMask;
pub use floating::{Double, Float};
pub use integer::{Int32, Int64, Integer, IntegerType, UInt32, UInt64};
pub use message::Message;
pub use structure::{ListValue, Struct, Value};
pub use text::Text;
pub use timestamp::Timestamp;

use super::Encoder;
use crate::Violations;

/// The reason for rejecting a value. It continues a sentence that begins with the name of the
/// field.
pub type Rejection = Cow<'static, str>;

/// The result of reading a JSON value.
#[derive(Debug, PartialEq)]
pub enum Decoded<T> {
    /// A value.
    Value(T),
    /// `null`, which counts as absent.
    Null,
    /// A violation was recorded.
    Rejected,
}

/// The JSON form of one kind of value.
pub trait Kind {
    /// The type of the field in the message.
    type Value: Default;

    /// Reads a JSON value. Records a violation if it has another kind.
    ///
    /// # Errors
    /// The text is not JSON.
    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error>;

    /// Writes the JSON form.
    fn encode(value: &Self::Value, encoder: &mut Encoder);

    /// Whether the value is the default of a field without presence.
    fn is_default(value: &Self::Value) -> bool;
}

/// A kind that can be a path variable, a query parameter or the key of a map.
pub trait ParameterKind: Kind {
    /// Reads the text.
    ///
    /// # Errors
    /// The text is not of this kind.
    fn parameter(text: &str) -> Result<Self::Value, Rejection>;
}
