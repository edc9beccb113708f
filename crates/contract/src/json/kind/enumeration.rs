use std::marker::PhantomData;

use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    integer::Int32,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// An enum of a contract. The build-time compiler implements it.
pub trait JsonEnum {
    /// The names, in the order of the contract, aliases included.
    const NAMES: &'static [&'static str];

    /// Returns the number of a name.
    fn number(name: &str) -> Option<i32>;

    /// Returns the name of a number.
    fn name(number: i32) -> Option<&'static str>;
}

/// An enum. It is written by name, and read by name or number. Unknown numbers are kept, because
/// proto3 enums are open.
#[derive(Debug)]
pub struct Enumeration<E>(PhantomData<E>);

impl<E: JsonEnum> Kind for Enumeration<E> {
    type Value = i32;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<i32>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &i32, encoder: &mut Encoder) {
        match E::name(*value) {
            Some(name) => encoder.text(name),
            None => Int32::encode(value, encoder),
        }
    }

    fn is_default(value: &i32) -> bool {
        *value == 0
    }
}

impl<E: JsonEnum> Leaf for Enumeration<E> {
    type Value = i32;

    const EXPECTED: &'static str = "the name or number of an enum value";

    fn unsigned(value: u64) -> Result<i32, Rejection> {
        Int32::unsigned(value)
    }

    fn signed(value: i64) -> Result<i32, Rejection> {
        Int32::signed(value)
    }

    fn floating(value: f64) -> Result<i32, Rejection> {
        Int32::floating(value)
    }

    fn text(text: &str) -> Result<i32, Rejection> {
        E::number(text).ok_or_else(|| format!("must be one of {}", E::NAMES.join(", ")).into())
    }
}

impl<E: JsonEnum> ParameterKind for Enumeration<E> {
    fn parameter(text: &str) -> Result<i32, Rejection> {
        match Int32::parameter(text) {
            Ok(number) => Ok(number),
            Err(_) => Self::text(text),
        }
    }
}

/// `google.protobuf.NullValue`, the enum whose JSON form is `null`.
#[derive(Debug)]
pub struct NullValue;

impl Kind for NullValue {
    type Value = i32;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<i32>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(_: &i32, encoder: &mut Encoder) {
        encoder.raw(b"null");
    }

    fn is_default(_: &i32) -> bool {
        true
    }
}

impl Leaf for NullValue {
    type Value = i32;

    const EXPECTED: &'static str = "null";

    fn text(text: &str) -> Result<i32, Rejection> {
        match text {
            "NULL_VALUE" => Ok(0),
            _ => Err(Self::mismatch("a string")),
        }
    }

    fn null() -> Decoded<i32> {
        Decoded::Value(0)
    }
}
