use prost_reflect::{ReflectMessage as _, Value};

use super::Literal;

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Returns the values of a list, or `None` if one is not a literal.
pub(super) fn literals(values: &[Value]) -> Result<Vec<Literal>, ()> {
    values
        .iter()
        .map(|value| literal(value).ok_or(()))
        .collect()
}

/// Returns the value of a rule, if it can be a literal.
pub(super) fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Bool(value) => Literal::Boolean(*value),
        Value::I32(value) => Literal::Integer(i128::from(*value)),
        Value::I64(value) => Literal::Integer(i128::from(*value)),
        Value::U32(value) => Literal::Integer(i128::from(*value)),
        Value::U64(value) => Literal::Integer(i128::from(*value)),
        Value::EnumNumber(value) => Literal::Integer(i128::from(*value)),
        // Convert through text, so that 0.1 as `float` remains 0.1.
        Value::F32(value) => Literal::Float(value.to_string().parse().ok()?),
        Value::F64(value) => Literal::Float(*value),
        Value::String(value) => Literal::Text(value.clone()),
        Value::Bytes(value) => Literal::Bytes(value.to_vec()),
        Value::Message(message) => {
            let seconds = message.get_field_by_name("seconds")?.as_i64()?;
            let nanos = message.get_field_by_name("nanos")?.as_i32()?;
            let total = i128::from(seconds) * NANOS_PER_SECOND + i128::from(nanos);
            match message.descriptor().full_name() {
                "google.protobuf.Duration" => Literal::Duration(total),
                "google.protobuf.Timestamp" => Literal::Timestamp(total),
                _ => return None,
            }
        }
        Value::List(_) | Value::Map(_) => return None,
    })
}

impl Literal {
    /// Compares literals of kinds that have an order.
    pub(super) fn order(&self) -> Option<f64> {
        match self {
            Self::Integer(value) | Self::Duration(value) | Self::Timestamp(value) => {
                Some(*value as f64)
            }
            Self::Float(value) => Some(*value),
            Self::Boolean(_) | Self::Text(_) | Self::Bytes(_) => None,
        }
    }
}
