use datalogic_rs::DataValue;

use super::{cbor, murmur::Murmur};
use crate::config::Bucketing;

/// The maximum sum of weights, as flagd defines it.
pub(super) const MAX_WEIGHT: i64 = i32::MAX as i64;

/// Returns the hash of the flag's key and the targeting key.
pub(super) fn hash_default(bucketing: Bucketing, flag: &str, targeting_key: &str) -> u32 {
    let mut hash = Murmur::default();
    match bucketing {
        Bucketing::V2 => {
            hash.write(flag.as_bytes());
            hash.write(targeting_key.as_bytes());
        }
        Bucketing::V3 => {
            cbor::array(&mut hash, 2);
            cbor::text(&mut hash, flag);
            cbor::text(&mut hash, targeting_key);
        }
    }
    hash.finish()
}

/// Returns the hash of a value that a rule computes. `None` if it cannot select a bucket.
pub(super) fn hash_value(bucketing: Bucketing, value: &DataValue<'_>) -> Option<u32> {
    let mut hash = Murmur::default();
    match (bucketing, value) {
        (_, DataValue::Null) => return None,
        (Bucketing::V2, DataValue::String(text)) => hash.write(text.as_bytes()),
        (Bucketing::V2, _) => return None,
        (Bucketing::V3, value) => cbor::write(&mut hash, value),
    }
    Some(hash.finish())
}

/// Returns the bucket of a hash among `weights`. `None` if all weights are zero.
pub(super) fn bucket(hash: u32, weights: impl Iterator<Item = i64> + Clone) -> Option<usize> {
    let clamped = weights.map(|weight| weight.max(0));
    let total = clamped.clone().try_fold(0_i64, i64::checked_add)?;
    if !(1..=MAX_WEIGHT).contains(&total) {
        return None;
    }
    // Less than 2^63, because the hash has 32 bits and the total 31.
    let position = (i64::from(hash) * total) >> 32;
    let mut end = 0;
    clamped.enumerate().find_map(|(index, weight)| {
        end += weight;
        (position < end).then_some(index)
    })
}

/// Evaluates the operator `fractional` over computed arguments.
pub(super) fn evaluate<'a>(
    bucketing: Bucketing,
    arguments: &[&'a DataValue<'a>],
    root: &DataValue<'_>,
) -> Option<&'a DataValue<'a>> {
    let (first, rest) = arguments.split_first()?;
    let (hash, buckets) = match first {
        DataValue::Array(_) => (hash_of_context(bucketing, root)?, arguments),
        value => (hash_value(bucketing, value)?, rest),
    };
    let mut pairs = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        let DataValue::Array(pair) = bucket else {
            return None;
        };
        let weight = match pair {
            [_] => 1,
            [_, weight] => whole(weight)?,
            _ => return None,
        };
        pairs.push((pair.first()?, weight));
    }
    let chosen = bucket(hash, pairs.iter().map(|(_, weight)| *weight))?;
    pairs.get(chosen).map(|(variant, _)| *variant)
}

fn whole(value: &DataValue<'_>) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= MAX_WEIGHT as f64).then_some(number as i64)
    })
}

fn hash_of_context(bucketing: Bucketing, root: &DataValue<'_>) -> Option<u32> {
    let flag = field(field(root, "$flagd")?, "flagKey")?.as_str()?;
    let targeting_key = field(root, "targetingKey")?.as_str()?;
    if targeting_key.is_empty() {
        return None;
    }
    Some(hash_default(bucketing, flag, targeting_key))
}

fn field<'v, 'a>(value: &'v DataValue<'a>, name: &str) -> Option<&'v DataValue<'a>> {
    let DataValue::Object(entries) = value else {
        return None;
    };
    let found = entries.iter().find(|(key, _)| *key == name);
    found.map(|(_, value)| value)
}
