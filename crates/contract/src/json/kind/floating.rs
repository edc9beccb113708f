use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

const EXPECTED: &str = "a number";

/// The kind of `float` fields.
#[derive(Debug)]
pub struct Float;

/// The kind of `double` fields.
#[derive(Debug)]
pub struct Double;

impl Kind for Float {
    type Value = f32;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<f32>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &f32, encoder: &mut Encoder) {
        if value.is_finite() {
            encode_finite(value, encoder);
        } else {
            encode_special(f64::from(*value), encoder);
        }
    }

    fn is_default(value: &f32) -> bool {
        // Minus zero is not the default value. Omitting it would lose its sign.
        value.to_bits() == 0
    }
}

impl Leaf for Float {
    type Value = f32;

    const EXPECTED: &'static str = EXPECTED;

    fn unsigned(value: u64) -> Result<f32, Rejection> {
        Ok(value as f32)
    }

    fn signed(value: i64) -> Result<f32, Rejection> {
        Ok(value as f32)
    }

    fn floating(value: f64) -> Result<f32, Rejection> {
        let narrow = value as f32;
        if narrow.is_finite() {
            Ok(narrow)
        } else {
            Err("is too large for a 32-bit float".into())
        }
    }

    fn text(text: &str) -> Result<f32, Rejection> {
        Self::parameter(text)
    }
}

impl ParameterKind for Float {
    fn parameter(text: &str) -> Result<f32, Rejection> {
        match number(text)? {
            value if value.is_finite() => Self::floating(value),
            special => Ok(special as f32),
        }
    }
}

impl Kind for Double {
    type Value = f64;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<f64>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &f64, encoder: &mut Encoder) {
        if value.is_finite() {
            encode_finite(value, encoder);
        } else {
            encode_special(*value, encoder);
        }
    }

    fn is_default(value: &f64) -> bool {
        value.to_bits() == 0
    }
}

impl Leaf for Double {
    type Value = f64;

    const EXPECTED: &'static str = EXPECTED;

    fn unsigned(value: u64) -> Result<f64, Rejection> {
        Ok(value as f64)
    }

    fn signed(value: i64) -> Result<f64, Rejection> {
        Ok(value as f64)
    }

    fn floating(value: f64) -> Result<f64, Rejection> {
        Ok(value)
    }

    fn text(text: &str) -> Result<f64, Rejection> {
        number(text)
    }
}

impl ParameterKind for Double {
    fn parameter(text: &str) -> Result<f64, Rejection> {
        number(text)
    }
}

fn encode_finite<T: serde::Serialize>(value: &T, encoder: &mut Encoder) {
    if let Err(error) = serde_json::to_writer(encoder.buffer(), value) {
        encoder.fail(error.to_string());
    }
}

fn encode_special(value: f64, encoder: &mut Encoder) {
    encoder.raw(if value.is_nan() {
        b"\"NaN\""
    } else if value > 0.0 {
        b"\"Infinity\""
    } else {
        b"\"-Infinity\""
    });
}

/// Parses the special values of the mapping, or a number in JSON grammar. Rust's own parser accepts
/// more: `inf`, `+1`, `.5`.
fn number(text: &str) -> Result<f64, Rejection> {
    match text {
        "NaN" => return Ok(f64::NAN),
        "Infinity" => return Ok(f64::INFINITY),
        "-Infinity" => return Ok(f64::NEG_INFINITY),
        _ => {}
    }
    let trimmed = text.len() == text.trim().len();
    match serde_json::from_str::<f64>(text) {
        Ok(value) if trimmed => Ok(value),
        _ => Err("must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"".into()),
    }
}
