//! Canonical CBOR (RFC 7049, section 3.9) of a rule's value, written into a hash.

use datalogic_rs::DataValue;

use super::murmur::Murmur;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;

/// Writes a value. Integral floats are written as integers, so that `5` and `5.0` are equal.
pub(crate) fn write(hash: &mut Murmur, value: &DataValue<'_>) {
    match value {
        DataValue::Bool(false) => hash.write(&[0xf4]),
        DataValue::Bool(true) => hash.write(&[0xf5]),
        DataValue::String(string) => text(hash, string),
        DataValue::Array(items) => {
            array(hash, items.len());
            items.iter().for_each(|item| write(hash, item));
        }
        DataValue::Object(entries) => map(hash, entries),
        DataValue::Number(_) => match (value.as_i64(), value.as_f64()) {
            (Some(integer), _) => write_integer(hash, integer),
            (None, Some(number)) => float(hash, number),
            (None, None) => hash.write(&[0xf6]),
        },
        _ => hash.write(&[0xf6]),
    }
}

/// Writes the head of an array of `length` items.
pub(crate) fn array(hash: &mut Murmur, length: usize) {
    head(hash, ARRAY, length as u64);
}

/// Writes a text string.
pub(crate) fn text(hash: &mut Murmur, string: &str) {
    text_head(hash, string.len());
    hash.write(string.as_bytes());
}

/// Writes the head of a text string of `length` bytes.
pub(crate) fn text_head(hash: &mut Murmur, length: usize) {
    head(hash, TEXT, length as u64);
}

fn map(hash: &mut Murmur, entries: &[(&str, DataValue<'_>)]) {
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    head(hash, MAP, sorted.len() as u64);
    for (key, value) in sorted {
        text(hash, key);
        write(hash, value);
    }
}

fn write_integer(hash: &mut Murmur, integer: i64) {
    match u64::try_from(integer) {
        Ok(positive) => head(hash, UNSIGNED, positive),
        // -1 - n, as RFC 7049 defines negative integers.
        Err(_) => head(hash, NEGATIVE, (!integer).cast_unsigned()),
    }
}

fn float(hash: &mut Murmur, number: f64) {
    /// 2^64. Smaller integral floats fit into an unsigned integer.
    const BEYOND_U64: f64 = 18_446_744_073_709_551_616.0;
    /// 2^63.
    const BEYOND_I64: f64 = 9_223_372_036_854_775_808.0;
    if number.fract() == 0.0 && (-BEYOND_I64..BEYOND_U64).contains(&number) {
        if number < 0.0 {
            return write_integer(hash, number as i64);
        }
        return head(hash, UNSIGNED, number as u64);
    }
    let single = number as f32;
    if f64::from(single) != number {
        hash.write(&[0xfb]);
        hash.write(&number.to_be_bytes());
    } else if let Some(half) = half(single) {
        hash.write(&[0xf9]);
        hash.write(&half.to_be_bytes());
    } else {
        hash.write(&[0xfa]);
        hash.write(&single.to_be_bytes());
    }
}

/// Returns the bits of a half-precision float that equals `single`.
fn half(single: f32) -> Option<u16> {
    let bits = single.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let exponent = ((bits >> 23) & 0xff) as i32 - 127;
    let mantissa = bits & 0x007f_ffff;
    match exponent {
        128 => Some(sign | 0x7c00),
        -14..=15 if mantissa & 0x1fff == 0 => {
            Some(sign | (((exponent + 15) as u16) << 10) | (mantissa >> 13) as u16)
        }
        // A subnormal half is a multiple of 2^-24.
        -24..=-15 => {
            let shift = (-exponent - 1) as u32;
            let full = mantissa | 0x0080_0000;
            (full & ((1 << shift) - 1) == 0).then(|| sign | (full >> shift) as u16)
        }
        _ => None,
    }
}

fn head(hash: &mut Murmur, major: u8, number: u64) {
    let major = major << 5;
    if let Ok(byte) = u8::try_from(number) {
        if byte < 24 {
            hash.write(&[major | byte]);
        } else {
            hash.write(&[major | 24, byte]);
        }
    } else if let Ok(short) = u16::try_from(number) {
        hash.write(&[major | 25]);
        hash.write(&short.to_be_bytes());
    } else if let Ok(word) = u32::try_from(number) {
        hash.write(&[major | 26]);
        hash.write(&word.to_be_bytes());
    } else {
        hash.write(&[major | 27]);
        hash.write(&number.to_be_bytes());
    }
}
