use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// The kind of `bool` fields.
#[derive(Debug)]
pub struct Boolean;

impl Kind for Boolean {
    type Value = bool;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &bool, encoder: &mut Encoder) {
        encoder.raw(if *value { b"true" } else { b"false" });
    }

    fn is_default(value: &bool) -> bool {
        !*value
    }
}

impl Leaf for Boolean {
    type Value = bool;

    const EXPECTED: &'static str = "true or false";

    fn boolean(value: bool) -> Result<bool, Rejection> {
        Ok(value)
    }
}

impl ParameterKind for Boolean {
    fn parameter(text: &str) -> Result<bool, Rejection> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("must be true or false".into()),
        }
    }
}
