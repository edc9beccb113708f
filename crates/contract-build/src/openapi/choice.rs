//! The oneofs of a message: at most one member is set, and exactly one if a rule requires it.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::contract::Contract;

/// Adds the oneofs to the schema of a request message.
pub(super) fn apply(
    schema: &mut Map<String, Value>,
    contract: &Contract,
    message: &MessageDescriptor,
    without: &[&str],
    name: impl Fn(&FieldDescriptor) -> String,
) {
    let mut conditions = Vec::new();
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        let members: Vec<Member> = oneof
            .fields()
            .filter(|field| !without.contains(&field.name()))
            .map(|field| Member::of(&field, name(&field)))
            .collect();
        for (index, one) in members.iter().enumerate() {
            for other in members.iter().skip(index + 1) {
                let both = given(&[one, other]);
                conditions.push(json!({ "type": "object", "not": both }));
            }
        }
        if contract.is_required_oneof(&oneof) {
            let any: Vec<Value> = members.iter().map(|member| given(&[member])).collect();
            conditions.push(json!({ "type": "object", "anyOf": any }));
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

struct Member {
    name: String,
    /// Whether `null` is a value of the member, so that the member counts as set.
    holds_null: bool,
}

impl Member {
    fn of(field: &FieldDescriptor, name: String) -> Self {
        let holds_null = match field.kind() {
            Kind::Enum(definition) => definition.full_name() == "google.protobuf.NullValue",
            Kind::Message(message) => message.full_name() == "google.protobuf.Value",
            _ => false,
        };
        Self { name, holds_null }
    }
}

/// Returns a schema that requires all of some members.
fn given(members: &[&Member]) -> Value {
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let not_null: Map<String, Value> = members
        .iter()
        .filter(|member| !member.holds_null)
        .map(|member| (member.name.clone(), json!({ "not": { "type": "null" } })))
        .collect();
    json!({ "required": names, "properties": not_null })
}
