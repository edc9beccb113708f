//! `==` and `!=` with the comparison rules of JavaScript, as JsonLogic requires. The operators of
//! the engine differ: for them, null and "" are equal.

use std::borrow::Cow;

use datalogic_rs::DataValue;
use serde_json::{Map, Value};

pub(super) const EQUAL: &str = "loose_equal";
pub(super) const UNEQUAL: &str = "loose_unequal";

/// Replaces the engine's operators in a rule.
pub(super) fn rewrite(rule: &Value) -> Cow<'_, Value> {
    if names_operator(rule) {
        Cow::Owned(replace(rule))
    } else {
        Cow::Borrowed(rule)
    }
}

fn names_operator(rule: &Value) -> bool {
    match rule {
        Value::Array(items) => items.iter().any(names_operator),
        Value::Object(operations) => operations
            .iter()
            .any(|(name, arguments)| matches!(&**name, "==" | "!=") || names_operator(arguments)),
        _ => false,
    }
}

fn replace(rule: &Value) -> Value {
    match rule {
        Value::Array(items) => items.iter().map(replace).collect(),
        Value::Object(operations) => {
            let operations = operations.iter().map(|(name, arguments)| {
                let has_two = arguments.as_array().is_some_and(|list| list.len() == 2);
                let name = match name.as_str() {
                    "==" if has_two => EQUAL,
                    "!=" if has_two => UNEQUAL,
                    name => name,
                };
                (name.to_owned(), replace(arguments))
            });
            Value::Object(operations.collect::<Map<_, _>>())
        }
        value => value.clone(),
    }
}

/// Compares two values. Values of different types are compared as numbers, and null equals only
/// null.
pub(super) fn is_equal(left: &DataValue<'_>, right: &DataValue<'_>) -> bool {
    match (left, right) {
        (DataValue::Null, DataValue::Null) => true,
        (DataValue::String(left), DataValue::String(right)) => left == right,
        (DataValue::Bool(left), DataValue::Bool(right)) => left == right,
        _ => match (number(left), number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
    }
}

/// Returns a value as a number. `None` for null, lists, objects and texts that are not numbers.
fn number(value: &DataValue<'_>) -> Option<f64> {
    match value {
        DataValue::Bool(value) => Some(f64::from(u8::from(*value))),
        DataValue::Number(_) => value.as_f64(),
        DataValue::String(text) => match text.trim() {
            "" => Some(0.0),
            text => text.parse().ok(),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_equals_only_null_flag_1() {
        let null = DataValue::Null;
        assert!(is_equal(&null, &DataValue::Null));
        for value in [
            DataValue::String(""),
            DataValue::Bool(false),
            DataValue::from_i64(0),
        ] {
            assert!(!is_equal(&null, &value) && !is_equal(&value, &null));
        }
    }

    #[test]
    fn numbers_equal_their_texts_flag_1() {
        let five = DataValue::from_i64(5);
        assert!(is_equal(&five, &DataValue::String(" 5.0 ")));
        assert!(is_equal(&DataValue::Bool(true), &DataValue::String("1")));
        assert!(!is_equal(&five, &DataValue::String("5a")));
    }
}
