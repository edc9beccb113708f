//! `google.protobuf.Struct`, `Value` and `ListValue`: any JSON.

use std::{collections::BTreeMap, fmt};

use prost_types::value::Kind as ValueKind;
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{Decoded, Kind};
use crate::{Violations, footprint::Budget, json::Encoder};

/// `google.protobuf.Value`: any JSON value, including `null`.
#[derive(Debug)]
pub struct Value;

/// `google.protobuf.Struct`: any JSON object.
#[derive(Debug)]
pub struct Struct;

/// `google.protobuf.ListValue`: any JSON list.
#[derive(Debug)]
pub struct ListValue;

impl Kind for Value {
    type Value = prost_types::Value;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<prost_types::Value>, D::Error> {
        let Any { kind, twice } = AnySeed(violations.budget()).deserialize(value)?;
        if twice {
            violations.add("has a field that is given more than once");
            return Ok(Decoded::Rejected);
        }
        Ok(Decoded::Value(prost_types::Value { kind: Some(kind) }))
    }

    fn encode(value: &prost_types::Value, encoder: &mut Encoder) {
        match &value.kind {
            Some(ValueKind::BoolValue(value)) => {
                encoder.raw(if *value { b"true" } else { b"false" });
            }
            Some(ValueKind::NumberValue(number)) if number.is_finite() => {
                super::Double::encode(number, encoder);
            }
            Some(ValueKind::NumberValue(_)) => {
                encoder.fail("a google.protobuf.Value that is not a finite number");
            }
            Some(ValueKind::StringValue(text)) => encoder.text(text),
            Some(ValueKind::StructValue(value)) => Struct::encode(value, encoder),
            Some(ValueKind::ListValue(value)) => ListValue::encode(value, encoder),
            Some(ValueKind::NullValue(_)) | None => encoder.raw(b"null"),
        }
    }

    fn is_default(_: &prost_types::Value) -> bool {
        false
    }
}

impl Kind for Struct {
    type Value = prost_types::Struct;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<prost_types::Struct>, D::Error> {
        Ok(match Value::decode(value, violations)? {
            Decoded::Value(value) => match value.kind {
                Some(ValueKind::StructValue(value)) => Decoded::Value(value),
                Some(ValueKind::NullValue(_)) | None => Decoded::Null,
                Some(_) => {
                    violations.add("must be an object");
                    Decoded::Rejected
                }
            },
            Decoded::Null => Decoded::Null,
            Decoded::Rejected => Decoded::Rejected,
        })
    }

    fn encode(value: &prost_types::Struct, encoder: &mut Encoder) {
        encoder.object::<super::Text, Value>(&value.fields);
    }

    fn is_default(_: &prost_types::Struct) -> bool {
        false
    }
}

impl Kind for ListValue {
    type Value = prost_types::ListValue;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<prost_types::ListValue>, D::Error> {
        Ok(match Value::decode(value, violations)? {
            Decoded::Value(value) => match value.kind {
                Some(ValueKind::ListValue(value)) => Decoded::Value(value),
                Some(ValueKind::NullValue(_)) | None => Decoded::Null,
                Some(_) => {
                    violations.add("must be a list");
                    Decoded::Rejected
                }
            },
            Decoded::Null => Decoded::Null,
            Decoded::Rejected => Decoded::Rejected,
        })
    }

    fn encode(value: &prost_types::ListValue, encoder: &mut Encoder) {
        encoder.list::<Value>(&value.values);
    }

    fn is_default(_: &prost_types::ListValue) -> bool {
        false
    }
}

/// Any JSON value, and whether an object in it repeats a member.
struct Any {
    kind: ValueKind,
    twice: bool,
}

impl From<ValueKind> for Any {
    fn from(kind: ValueKind) -> Self {
        Self { kind, twice: false }
    }
}

/// Reads a value, and counts the memory that it takes.
struct AnySeed<'a>(&'a mut Budget);

impl<'de> DeserializeSeed<'de> for AnySeed<'_> {
    type Value = Any;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Any, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnySeed<'_> {
    type Value = Any;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(ValueKind::NullValue(0).into())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Any, E> {
        Ok(ValueKind::BoolValue(value).into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Any, E> {
        Ok(ValueKind::NumberValue(value as f64).into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Any, E> {
        Ok(ValueKind::NumberValue(value as f64).into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Any, E> {
        Ok(ValueKind::NumberValue(value).into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Any, E> {
        Ok(ValueKind::StringValue(text.to_owned()).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Any, A::Error> {
        let mut values = Vec::new();
        let mut twice = false;
        while let Some(element) = elements.next_element_seed(AnySeed(&mut *self.0))? {
            let size = size_of::<prost_types::Value>();
            let budget = &mut *self.0;
            budget
                .take_element(values.len(), size)
                .map_err(A::Error::custom)?;
            twice |= element.twice;
            values.push(prost_types::Value {
                kind: Some(element.kind),
            });
        }
        Ok(Any {
            kind: ValueKind::ListValue(prost_types::ListValue { values }),
            twice,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Any, A::Error> {
        let mut fields = BTreeMap::new();
        let mut twice = false;
        while let Some(name) = members.next_key::<String>()? {
            let size = size_of::<(String, prost_types::Value)>();
            let budget = &mut *self.0;
            budget
                .take_entry(fields.len(), size)
                .map_err(A::Error::custom)?;
            let member = members.next_value_seed(AnySeed(budget))?;
            twice |= member.twice;
            let value = prost_types::Value {
                kind: Some(member.kind),
            };
            twice |= fields.insert(name, value).is_some();
        }
        Ok(Any {
            kind: ValueKind::StructValue(prost_types::Struct { fields }),
            twice,
        })
    }
}
