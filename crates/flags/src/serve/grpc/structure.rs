use seaworthy_contract::prost_types::{ListValue, Struct, Value as WireValue, value::Kind};
use serde_json::{Map, Number, Value};

use crate::{Context, context::TARGETING_KEY};

/// 2^53. A float represents all integers up to this value exactly.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Returns the evaluation context of a client.
pub(super) fn context(fields: Option<Struct>) -> Context {
    let fields = fields.map(|fields| fields.fields).unwrap_or_default();
    let mut context = Context::new();
    for (name, value) in fields {
        context = match json(value) {
            Value::String(key) if name == TARGETING_KEY => context.targeting_key(key),
            value => context.with(name, value),
        };
    }
    context
}

/// Converts a protobuf value to JSON. All its numbers are floats, so integral ones become
/// integers.
fn json(value: WireValue) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::NumberValue(number)) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => {
            (number as i64).into()
        }
        Some(Kind::NumberValue(number)) => {
            Number::from_f64(number).map_or(Value::Null, Value::Number)
        }
        Some(Kind::ListValue(list)) => list.values.into_iter().map(json).collect(),
        Some(Kind::StructValue(fields)) => {
            let fields = fields.fields.into_iter();
            Value::Object(fields.map(|(name, value)| (name, json(value))).collect())
        }
    }
}

/// Converts a JSON object to a protobuf struct.
pub(super) fn structure(fields: &Map<String, Value>) -> Struct {
    let fields = fields.iter();
    Struct {
        fields: fields
            .map(|(name, value)| (name.clone(), wire(value)))
            .collect(),
    }
}

fn wire(value: &Value) -> WireValue {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::String(value) => Kind::StringValue(value.clone()),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Value::Array(values) => Kind::ListValue(ListValue {
            values: values.iter().map(wire).collect(),
        }),
        Value::Object(fields) => Kind::StructValue(structure(fields)),
    };
    WireValue { kind: Some(kind) }
}
