use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

const LENIENT_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT_PADDING);
const URL_SAFE_ALPHABET: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT_PADDING);

/// `bytes`. Written as standard base64 with padding. Both alphabets are read, with or without
/// padding.
#[derive(Debug)]
pub struct Binary;

impl Kind for Binary {
    type Value = Vec<u8>;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &Vec<u8>, encoder: &mut Encoder) {
        let buffer = encoder.buffer();
        buffer.push(b'"');
        let start = buffer.len();
        buffer.resize(start + value.len().div_ceil(3) * 4, b'=');
        let written = buffer
            .get_mut(start..)
            .and_then(|room| STANDARD.encode_slice(value, room).ok());
        buffer.push(b'"');
        if written.is_none() {
            encoder.fail("bytes too long for base64");
        }
    }

    fn is_default(value: &Vec<u8>) -> bool {
        value.is_empty()
    }
}

impl Leaf for Binary {
    type Value = Vec<u8>;

    const EXPECTED: &'static str = "base64 text";

    fn text(text: &str) -> Result<Vec<u8>, Rejection> {
        let engine = if text.contains(['-', '_']) {
            URL_SAFE_ALPHABET
        } else {
            STANDARD_ALPHABET
        };
        engine
            .decode(text)
            .map_err(|_| Rejection::Borrowed("must be base64 text"))
    }
}

impl ParameterKind for Binary {
    fn parameter(text: &str) -> Result<Vec<u8>, Rejection> {
        Self::text(text)
    }
}
