//! The choices of a message: of a oneof at most one member is given, and one must be where a rule says so.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::contract::Contract;

/// Adds the choices to the schema of a message that is read.
pub(super) fn apply(
    schema: &mut Map<String, Value>,
    contract: &Contract,
    message: &MessageDescriptor,
    without: &[&str],
    name: impl Fn(&FieldDescriptor) -> String,
) {
    let mut conditions = Vec::new();
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let given: Vec<Value> = oneof
            .fields()
            .filter(|field| !without.contains(&field.name()))
            .map(|field| is_given(&field, &name(&field)))
            .collect();
        for (index, one) in given.iter().enumerate() {
            for other in given.iter().skip(index + 1) {
                conditions.push(json!({ "not": { "allOf": [one, other] } }));
            }
        }
        if contract.is_required_oneof(&oneof) {
            conditions.push(json!({ "anyOf": given }));
        }
    }
    if !conditions.is_empty() {
        schema.insert("allOf".to_owned(), Value::Array(conditions));
    }
    let sentences: Vec<String> = contract
        .message_rules(message)
        .oneofs
        .iter()
        .map(|oneof| {
            let amount = if oneof.required { "Exactly" } else { "At most" };
            format!("{amount} one of `{}` is set.", oneof.fields.join("`, `"))
        })
        .collect();
    if !sentences.is_empty() {
        let before = schema.get("description").and_then(Value::as_str);
        let text = before.into_iter().map(str::to_owned).chain(sentences);
        let text = text.collect::<Vec<_>>().join("\n\n");
        schema.insert("description".to_owned(), json!(text));
    }
}

/// A null is as if the member were not there, but where null is the value.
fn is_given(field: &FieldDescriptor, name: &str) -> Value {
    let holds_null = match field.kind() {
        Kind::Enum(definition) => definition.full_name() == "google.protobuf.NullValue",
        Kind::Message(message) => message.full_name() == "google.protobuf.Value",
        _ => false,
    };
    if holds_null {
        json!({ "required": [name] })
    } else {
        json!({ "required": [name], "properties": { name: { "not": { "type": "null" } } } })
    }
}
