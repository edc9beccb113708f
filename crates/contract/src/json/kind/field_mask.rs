use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// The maximum paths of one mask. No message has as many fields. Each path of one byte becomes a
/// separate string.
const MAX_PATHS: usize = 1_000;

/// `google.protobuf.FieldMask`: paths in lowerCamelCase, separated by commas.
#[derive(Debug)]
pub struct FieldMask;

impl Kind for FieldMask {
    type Value = prost_types::FieldMask;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<Self::Value>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &prost_types::FieldMask, encoder: &mut Encoder) {
        let mut text = String::new();
        for path in &value.paths {
            let camel = camel_case(path);
            if snake_case(&camel).as_deref() != Some(path) {
                encoder.fail("a field mask whose path cannot be converted to camel case");
                return;
            }
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(&camel);
        }
        encoder.text(&text);
    }

    fn is_default(_: &prost_types::FieldMask) -> bool {
        false
    }
}

impl Leaf for FieldMask {
    type Value = prost_types::FieldMask;

    const EXPECTED: &'static str = "field paths separated by commas";

    fn text(text: &str) -> Result<prost_types::FieldMask, Rejection> {
        if text.is_empty() {
            return Ok(prost_types::FieldMask::default());
        }
        if text.split(',').nth(MAX_PATHS).is_some() {
            return Err(format!("must not have more than {MAX_PATHS} field paths").into());
        }
        let paths: Option<Vec<String>> = text.split(',').map(snake_case).collect();
        match paths {
            Some(paths) => Ok(prost_types::FieldMask { paths }),
            None => Err("must be field paths in lowerCamelCase separated by commas".into()),
        }
    }
}

impl ParameterKind for FieldMask {
    fn parameter(text: &str) -> Result<prost_types::FieldMask, Rejection> {
        Self::text(text)
    }
}

fn camel_case(path: &str) -> String {
    let mut camel = String::with_capacity(path.len());
    let mut raise = false;
    for character in path.chars() {
        match character {
            '_' => raise = true,
            _ if raise => {
                camel.push(character.to_ascii_uppercase());
                raise = false;
            }
            _ => camel.push(character),
        }
    }
    camel
}

fn snake_case(path: &str) -> Option<String> {
    if !path
        .split('.')
        .all(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
    {
        return None;
    }
    let mut snake = String::with_capacity(path.len() + 4);
    for character in path.chars() {
        match character {
            'A'..='Z' => {
                snake.push('_');
                snake.push(character.to_ascii_lowercase());
            }
            'a'..='z' | '0'..='9' | '.' => snake.push(character),
            _ => return None,
        }
    }
    Some(snake)
}
