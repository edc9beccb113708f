use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// The kind of `string` fields.
#[derive(Debug)]
pub struct Text;

impl Kind for Text {
    type Value = String;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &String, encoder: &mut Encoder) {
        encoder.text(value);
    }

    fn is_default(value: &String) -> bool {
        value.is_empty()
    }
}

impl Leaf for Text {
    type Value = String;

    const EXPECTED: &'static str = "a string";

    fn text(text: &str) -> Result<String, Rejection> {
        Ok(text.to_owned())
    }

    fn owned(text: String) -> Result<String, Rejection> {
        Ok(text)
    }
}

impl ParameterKind for Text {
    fn parameter(text: &str) -> Result<String, Rejection> {
        Ok(text.to_owned())
    }
}
