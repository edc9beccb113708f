use std::{fmt, marker::PhantomData};

use serde::Deserializer;

use super::{
    Decoded, Kind, ParameterKind, Rejection,
    leaf::{self, Leaf},
};
use crate::{Violations, json::Encoder};

/// From this value on, a 64-bit float may represent more than one integer.
const EXACT_IN_FLOAT: f64 = 9_007_199_254_740_992.0;

/// The maximum length of an integer as text. Longer text has needless leading zeros.
const MAX_TEXT_LENGTH: usize = 64;

/// An integer. Read from a number or from text, in JSON also from `480.0` or `1e2`.
#[derive(Debug)]
pub struct Integer<T>(PhantomData<T>);

/// `int32`, `sint32`, `sfixed32`.
pub type Int32 = Integer<i32>;
/// `int64`, `sint64`, `sfixed64`.
pub type Int64 = Integer<i64>;
/// `uint32`, `fixed32`.
pub type UInt32 = Integer<u32>;
/// `uint64`, `fixed64`.
pub type UInt64 = Integer<u64>;

/// The Rust types of integer fields.
pub trait IntegerType:
    Copy
    + Default
    + PartialEq
    + fmt::Display
    + itoa::Integer
    + TryFrom<u64>
    + TryFrom<i64>
    + TryFrom<i128>
{
    /// The value that a client should send, for descriptions.
    const EXPECTED: &'static str;
    /// The reason for rejecting a number that does not fit.
    const RANGE: &'static str;
    /// Whether the JSON form is a string. It is for 64 bits, which the numbers of many clients
    /// cannot represent.
    const QUOTED: bool;
}

impl IntegerType for i32 {
    const EXPECTED: &'static str = "an integer";
    const RANGE: &'static str = "must be between -2147483648 and 2147483647";
    const QUOTED: bool = false;
}

impl IntegerType for u32 {
    const EXPECTED: &'static str = "an integer";
    const RANGE: &'static str = "must be between 0 and 4294967295";
    const QUOTED: bool = false;
}

impl IntegerType for i64 {
    const EXPECTED: &'static str = "an integer";
    const RANGE: &'static str = "must be between -9223372036854775808 and 9223372036854775807";
    const QUOTED: bool = true;
}

impl IntegerType for u64 {
    const EXPECTED: &'static str = "an integer";
    const RANGE: &'static str = "must be between 0 and 18446744073709551615";
    const QUOTED: bool = true;
}

impl<T: IntegerType> Kind for Integer<T> {
    type Value = T;

    fn decode<'de, D: Deserializer<'de>>(
        value: D,
        violations: &mut Violations,
    ) -> Result<Decoded<T>, D::Error> {
        leaf::decode::<Self, D>(value, violations)
    }

    fn encode(value: &T, encoder: &mut Encoder) {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(*value).as_bytes();
        if T::QUOTED {
            encoder.raw(b"\"");
            encoder.raw(digits);
            encoder.raw(b"\"");
        } else {
            encoder.raw(digits);
        }
    }

    fn is_default(value: &T) -> bool {
        *value == T::default()
    }
}

impl<T: IntegerType> Leaf for Integer<T> {
    type Value = T;

    const EXPECTED: &'static str = T::EXPECTED;

    fn unsigned(value: u64) -> Result<T, Rejection> {
        T::try_from(value).map_err(|_| T::RANGE.into())
    }

    fn signed(value: i64) -> Result<T, Rejection> {
        T::try_from(value).map_err(|_| T::RANGE.into())
    }

    fn floating(value: f64) -> Result<T, Rejection> {
        if value.fract() != 0.0 {
            return Err("must be an integer, found a fraction".into());
        }
        if value.abs() >= EXACT_IN_FLOAT {
            // It is too large for the type, or rounded, so the intended integer is unknown.
            return Err(format!("{}, written in plain digits", T::RANGE).into());
        }
        Self::signed(value as i64)
    }

    fn text(text: &str) -> Result<T, Rejection> {
        match whole_number(text) {
            Whole::Number(number) => T::try_from(number).map_err(|_| T::RANGE.into()),
            Whole::TooLarge => Err(T::RANGE.into()),
            Whole::Fraction => Err("must be an integer, found a fraction".into()),
            Whole::NotANumber => Err("must be an integer".into()),
        }
    }
}

impl<T: IntegerType> ParameterKind for Integer<T> {
    /// Parses the only form that paths and queries allow, so that a resource has one address.
    fn parameter(text: &str) -> Result<T, Rejection> {
        let is_plain = |byte: u8| byte == b'-' || byte.is_ascii_digit();
        match Self::text(text) {
            Ok(_) if !text.bytes().all(is_plain) => Err("must be written in plain digits".into()),
            result => result,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    Number(i128),
    TooLarge,
    Fraction,
    NotANumber,
}

/// Returns the exact value of a number in JSON grammar (RFC 8259, section 6).
pub(crate) fn whole_number(text: &str) -> Whole {
    if text.len() > MAX_TEXT_LENGTH {
        return Whole::NotANumber;
    }
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (integer, fraction) = match mantissa.split_once('.') {
        Some((integer, fraction)) => (integer, Some(fraction)),
        None => (mantissa, None),
    };
    let digits_only = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits_only(integer) || (integer.len() > 1 && integer.starts_with('0')) {
        return Whole::NotANumber;
    }
    if !fraction.is_none_or(digits_only) {
        return Whole::NotANumber;
    }
    let exponent = match exponent {
        None => 0,
        Some(exponent) => {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if !digits_only(unsigned) {
                return Whole::NotANumber;
            }
            // An exponent beyond 16 bits counts as infinite.
            let size = unsigned.parse::<i32>().unwrap_or(i32::from(i16::MAX));
            if exponent.starts_with('-') {
                -size
            } else {
                size
            }
        }
    };
    let fraction = fraction.unwrap_or_default();
    let digits = format!("{integer}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Whole::Number(0);
    }
    let significant = digits.trim_end_matches('0');
    let dropped = i32::try_from(digits.len() - significant.len()).unwrap_or(i32::MAX);
    let scale = exponent
        .saturating_sub(i32::try_from(fraction.len()).unwrap_or(i32::MAX))
        .saturating_add(dropped);
    if scale < 0 {
        return Whole::Fraction;
    }
    let value = significant.parse::<i128>().ok().and_then(|significant| {
        let factor = 10_i128.checked_pow(u32::try_from(scale).ok()?)?;
        significant.checked_mul(factor)
    });
    match value {
        Some(value) => Whole::Number(if negative { -value } else { value }),
        None => Whole::TooLarge,
    }
}
