use std::{collections::BTreeSet, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::error::Category;
use thiserror::Error;

use super::{Decoded, JsonMessage, member::stop_if_full, skipped::Skipped};
use crate::{
    Violations,
    footprint::{Budget, Exhausted},
};

/// Errors that end the reading of a text early, so that they do not name a field.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    /// The body is not UTF-8.
    #[error("the body is not valid UTF-8 at byte {position}")]
    Utf8 {
        /// The offset of the first bad byte.
        position: usize,
    },
    /// The body has more values than its length justifies.
    #[error("the body has too many values for its length")]
    TooManyValues,
    /// The values take more memory than the process has left for requests.
    #[error("the service is overloaded: try again later")]
    Overloaded,
    /// The body is not JSON.
    #[error("the body is not valid JSON at line {line}, column {column}: {problem}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// The syntax error.
        problem: &'static str,
    },
}

impl From<serde_json::Error> for DecodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax {
            line: error.line(),
            column: error.column(),
            problem: syntax_problem(&error),
        }
    }
}

/// Starts of the parser's texts, and the texts for clients.
const PROBLEMS: [(&str, &str); 9] = [
    ("recursion limit", "nested too deeply"),
    ("trailing characters", "text after the end of the value"),
    ("trailing comma", "a comma without a value after it"),
    ("number out of range", "a number is out of range"),
    ("invalid number", "a number is not valid"),
    ("invalid escape", "an escape in a string is not valid"),
    (
        "lone leading surrogate",
        "an escape in a string is not valid",
    ),
    (
        "unexpected end of hex",
        "an escape in a string is not valid",
    ),
    ("control character", "a control character in a string"),
];

/// Returns the problem as a message for clients, without the message of the parser.
fn syntax_problem(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        Category::Eof => "the text ends too early",
        Category::Data => "a value has a wrong type",
        Category::Syntax | Category::Io => {
            let text = error.to_string();
            let known = PROBLEMS.iter().find(|(start, _)| text.starts_with(start));
            known.map_or("an unexpected character", |(_, problem)| problem)
        }
    }
}

/// Reads a JSON object into a message. Empty text is an empty message.
///
/// # Errors
/// The text is not JSON, or has too many values for its length. Other violations are recorded in
/// `violations`. When its limit is reached, the rest of the text is not read.
pub fn decode_into<M: JsonMessage>(
    body: &[u8],
    message: &mut M,
    violations: &mut Violations,
) -> Result<(), DecodeError> {
    read(body, violations, |deserializer, violations| {
        if let Decoded::Null = message_value(deserializer, message, violations)? {
            violations.add("must be an object, found null");
        }
        Ok(())
    })
}

/// Reads a JSON value into one field of a message, for the `body: "field"` of an HTTP rule.
///
/// # Errors
/// The text is not JSON, or has too many values for its length. Other violations are recorded in
/// `violations`. When its limit is reached, the rest of the text is not read.
pub fn decode_field_from_slice<M: JsonMessage>(
    body: &[u8],
    message: &mut M,
    field: &str,
    violations: &mut Violations,
) -> Result<(), DecodeError> {
    let Some((index, field)) =
        M::field(field).and_then(|index| M::FIELDS.get(index).map(|field| (index, field)))
    else {
        return Ok(());
    };
    read(body, violations, |deserializer, violations| {
        violations.within(field, |violations| {
            FieldSeed {
                message,
                index,
                violations,
            }
            .deserialize(deserializer)
        })
    })
}

fn read(
    body: &[u8],
    violations: &mut Violations,
    decode: impl FnOnce(
        &mut serde_json::Deserializer<serde_json::de::StrRead<'_>>,
        &mut Violations,
    ) -> Result<(), serde_json::Error>,
) -> Result<(), DecodeError> {
    // The whole text is checked, because serde_json does not check strings that it skips.
    let text = std::str::from_utf8(body).map_err(|error| DecodeError::Utf8 {
        position: error.valid_up_to(),
    })?;
    if text.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return Ok(());
    }
    *violations.budget() = Budget::of_length(body.len());
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = decode(&mut deserializer, violations).and_then(|()| deserializer.end());
    match read {
        Err(error) => match violations.budget().exhausted() {
            Some(Exhausted::TooManyValues) => Err(DecodeError::TooManyValues),
            Some(Exhausted::Overloaded) => Err(DecodeError::Overloaded),
            // The violations reached their limit, so the rest was not read.
            None if violations.is_full() => Ok(()),
            None => Err(error.into()),
        },
        Ok(()) => Ok(()),
    }
}

/// Reads an object into a message.
pub(super) fn message_value<'de, M: JsonMessage, D: Deserializer<'de>>(
    value: D,
    message: &mut M,
    violations: &mut Violations,
) -> Result<Decoded<()>, D::Error> {
    value.deserialize_any(MessageVisitor {
        message,
        violations,
    })
}

struct MessageVisitor<'a, M> {
    message: &'a mut M,
    violations: &'a mut Violations,
}

impl<M> MessageVisitor<'_, M> {
    fn reject(self, found: &str) -> Decoded<()> {
        self.violations
            .add(format!("must be an object, found {found}"));
        Decoded::Rejected
    }
}

impl<'de, M: JsonMessage> Visitor<'de> for MessageVisitor<'_, M> {
    type Value = Decoded<()>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut seen = Seen::default();
        while let Some(known) = members.next_key_seed(NameSeed(M::field))? {
            let Some((index, field)) =
                known.and_then(|index| M::FIELDS.get(index).map(|field| (index, field)))
            else {
                members.next_value::<Skipped>()?;
                continue;
            };
            let message = &mut *self.message;
            self.violations.within(field, |violations| {
                if seen.insert(index) {
                    members.next_value_seed(FieldSeed {
                        message,
                        index,
                        violations,
                    })
                } else {
                    violations.add("given more than once");
                    members.next_value::<Skipped>().map(drop)
                }
            })?;
            stop_if_full(self.violations)?;
        }
        Ok(Decoded::Value(()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Decoded::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(self.reject("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(self.reject("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(self.reject("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(self.reject("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(self.reject("a string"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        while elements.next_element::<Skipped>()?.is_some() {}
        Ok(self.reject("a list"))
    }
}

struct FieldSeed<'a, M> {
    message: &'a mut M,
    index: usize,
    violations: &'a mut Violations,
}

impl<'de, M: JsonMessage> DeserializeSeed<'de> for FieldSeed<'_, M> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        self.message
            .decode_field(self.index, value, self.violations)
    }
}

/// Looks up a field name without copying it.
struct NameSeed(fn(&str) -> Option<usize>);

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<Self::Value, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok((self.0)(name))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
        Err(E::custom("a field name must be text"))
    }
}

/// The fields that an object has given. Most messages have at most 64 fields.
#[derive(Default)]
struct Seen {
    low: u64,
    high: BTreeSet<usize>,
}

impl Seen {
    fn insert(&mut self, index: usize) -> bool {
        if index < 64 {
            let bit = 1 << index;
            let new = self.low & bit == 0;
            self.low |= bit;
            new
        } else {
            self.high.insert(index)
        }
    }
}
