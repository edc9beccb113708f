use serde_json::Value;

use super::{Selected, cbor, fractional, murmur::Murmur};
use crate::{
    config::Bucketing,
    context::{Scope, TARGETING_KEY},
};

/// A rule that is only a `fractional` with constant weights. Evaluates without allocation.
#[derive(Debug)]
pub(crate) struct Split {
    bucketing: Bucketing,
    salt: Salt,
    weights: Box<[i64]>,
    names: Box<[Box<str>]>,
}

/// The value that is hashed with the targeting key.
#[derive(Debug)]
enum Salt {
    /// The flag's key, as a pair with the targeting key.
    Default,
    /// No salt: only the targeting key is hashed.
    Empty,
    /// The flag's key, in one string with the targeting key.
    Key,
    /// A constant, in one string with the targeting key.
    Constant(Box<str>),
}

impl Split {
    /// Returns the split if `rule` is one. `{"if": [KEY, SPLIT, null]}` is one too.
    pub(crate) fn recognize(bucketing: Bucketing, rule: &Value) -> Option<Self> {
        let operation = rule.as_object().filter(|operation| operation.len() == 1)?;
        if let Some(Value::Array(branches)) = operation.get("if") {
            let [condition, then, Value::Null] = branches.as_slice() else {
                return None;
            };
            let split = Self::fractional(bucketing, then)?;
            return (is_targeting_key(condition) && split.has_own_salt()).then_some(split);
        }
        // Without the guard, flagd hashes an absent key as an empty string: evaluate the full rule.
        Self::fractional(bucketing, rule).filter(|split| !split.has_own_salt())
    }

    fn fractional(bucketing: Bucketing, rule: &Value) -> Option<Self> {
        let operation = rule.as_object().filter(|operation| operation.len() == 1)?;
        let arguments = operation.get("fractional")?.as_array()?;
        let (first, rest) = arguments.split_first()?;
        let (salt, buckets) = if first.is_array() {
            (Salt::Default, arguments.as_slice())
        } else if is_targeting_key(first) {
            (Salt::Empty, rest)
        } else {
            let parts = first.as_object()?.get("cat")?.as_array()?;
            let [salt, value] = parts.as_slice() else {
                return None;
            };
            match (salt.as_str(), variable(salt)) {
                _ if !is_targeting_key(value) => return None,
                (Some(constant), _) => (Salt::Constant(constant.into()), rest),
                (None, Some("$flagd.flagKey")) => (Salt::Key, rest),
                _ => return None,
            }
        };
        let pairs: Option<Vec<_>> = buckets.iter().map(pair).collect();
        let (names, weights): (Vec<Box<str>>, Vec<i64>) = pairs?.into_iter().unzip();
        Some(Self {
            bucketing,
            salt,
            weights: weights.into(),
            names: names.into(),
        })
    }

    /// Whether the rule concatenates a salt and the targeting key.
    fn has_own_salt(&self) -> bool {
        matches!(self.salt, Salt::Key | Salt::Constant(_))
    }

    /// Returns the index of the bucket.
    pub(crate) fn select(&self, flag: &str, scope: &Scope<'_>) -> Selected<usize> {
        let Some(value) = scope.text(TARGETING_KEY) else {
            return Selected::Default;
        };
        if value.is_empty() && !matches!(self.salt, Salt::Empty) {
            return Selected::Default;
        }
        let hash = match &self.salt {
            Salt::Default => fractional::hash_default(self.bucketing, flag, value),
            Salt::Empty => self.hash_text("", value),
            Salt::Key => self.hash_text(flag, value),
            Salt::Constant(salt) => self.hash_text(salt, value),
        };
        match fractional::bucket(hash, self.weights.iter().copied()) {
            Some(bucket) => Selected::Variant(bucket),
            None => Selected::Default,
        }
    }

    /// Returns the variant's name of each bucket.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    fn hash_text(&self, salt: &str, value: &str) -> u32 {
        let mut hash = Murmur::default();
        if self.bucketing == Bucketing::V3 {
            cbor::text_head(&mut hash, salt.len() + value.len());
        }
        hash.write(salt.as_bytes());
        hash.write(value.as_bytes());
        hash.finish()
    }
}

fn variable(expression: &Value) -> Option<&str> {
    let operation = expression
        .as_object()
        .filter(|operation| operation.len() == 1)?;
    match operation.get("var")? {
        Value::String(path) => Some(path),
        Value::Array(items) => match items.as_slice() {
            [Value::String(path)] => Some(path),
            _ => None,
        },
        _ => None,
    }
}

fn is_targeting_key(expression: &Value) -> bool {
    variable(expression) == Some(TARGETING_KEY)
}

fn pair(bucket: &Value) -> Option<(Box<str>, i64)> {
    match bucket.as_array()?.as_slice() {
        [Value::String(name)] => Some((name.as_str().into(), 1)),
        [Value::String(name), weight] => Some((name.as_str().into(), weight.as_i64()?)),
        _ => None,
    }
}
