//! The proto3 JSON mapping for typed messages.
//!
//! Generated code names the [`Kind`] of each field. The kinds implement the mapping. `serde_json`
//! parses the text. A visitor records values that it cannot accept and skips them, so that one
//! response names every bad field. A dynamic message would be slower, and stop at the first bad
//! field.

mod decode;
mod encode;
pub mod kind;
mod member;
pub mod parameter;
mod skipped;
#[cfg(test)]
mod tests;

pub use decode::{DecodeError, decode_field_from_slice, decode_into};
pub use encode::{EncodeError, Encoder, to_vec, write_with};
pub use kind::{Decoded, Kind, ParameterKind, Rejection};
pub use member::{map, oneof, optional, repeated, singular};

use serde::Deserializer;

use crate::{Field, Violations};

/// A message with a JSON form. The build-time compiler implements it.
pub trait JsonMessage: Default {
    /// The additional bytes of a default value: those of a message in a `Box`.
    const HEAP: usize = 0;

    /// The fields, in the order of the contract.
    const FIELDS: &'static [Field];

    /// Returns the index in [`Self::FIELDS`] of a field, by either of its names.
    fn field(name: &str) -> Option<usize>;

    /// Reads the value of one field.
    ///
    /// # Errors
    /// The text is not JSON. A value of the wrong type is a violation, not an error.
    fn decode_field<'de, D: Deserializer<'de>>(
        &mut self,
        index: usize,
        value: D,
        violations: &mut Violations,
    ) -> Result<(), D::Error>;

    /// Sets one field from the text of a path variable or query parameter. `rest` is the path
    /// inside the field. Returns whether the field can be set from text.
    fn decode_parameter(
        &mut self,
        index: usize,
        rest: Option<&str>,
        text: &str,
        violations: &mut Violations,
    ) -> bool;

    /// Writes the members.
    fn encode(&self, encoder: &mut Encoder);
}

impl<M: JsonMessage> JsonMessage for Box<M> {
    const HEAP: usize = size_of::<M>();

    const FIELDS: &'static [Field] = M::FIELDS;

    fn field(name: &str) -> Option<usize> {
        M::field(name)
    }

    fn decode_field<'de, D: Deserializer<'de>>(
        &mut self,
        index: usize,
        value: D,
        violations: &mut Violations,
    ) -> Result<(), D::Error> {
        (**self).decode_field(index, value, violations)
    }

    fn decode_parameter(
        &mut self,
        index: usize,
        rest: Option<&str>,
        text: &str,
        violations: &mut Violations,
    ) -> bool {
        (**self).decode_parameter(index, rest, text, violations)
    }

    fn encode(&self, encoder: &mut Encoder) {
        (**self).encode(encoder);
    }
}

/// `google.protobuf.Empty`.
impl JsonMessage for () {
    const FIELDS: &'static [Field] = &[];

    fn field(_name: &str) -> Option<usize> {
        None
    }

    fn decode_field<'de, D: Deserializer<'de>>(
        &mut self,
        _index: usize,
        _value: D,
        _violations: &mut Violations,
    ) -> Result<(), D::Error> {
        Ok(())
    }

    fn decode_parameter(
        &mut self,
        _index: usize,
        _rest: Option<&str>,
        _text: &str,
        _violations: &mut Violations,
    ) -> bool {
        false
    }

    fn encode(&self, _encoder: &mut Encoder) {}
}
