use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{Scope, field::Shape};

/// Generates the decoding costs of a message's fields.
pub(super) fn message(scope: &Scope<'_>, message: &MessageDescriptor) -> String {
    let runtime = scope.runtime();
    let path = scope.message_path(message);
    let fields: String = message
        .fields()
        .filter_map(|field| Some((field.number(), cost(scope, &field)?)))
        .map(|(number, cost)| format!("{number} => {cost},"))
        .collect();
    if fields.is_empty() {
        return format!("impl {runtime}::footprint::WireMessage for {path} {{}}\n");
    }
    format!(
        "impl {runtime}::footprint::WireMessage for {path} {{
            fn wire_field(number: u32) -> {runtime}::footprint::WireField {{
                match number {{ {fields} _ => {runtime}::footprint::WireField::PLAIN }}
            }}
        }}\n"
    )
}

/// Returns the cost of a field. `None` if it takes no more memory than its bytes.
fn cost(scope: &Scope<'_>, field: &FieldDescriptor) -> Option<String> {
    let cost = format!("{}::footprint::WireField", scope.runtime());
    match (Shape::of(field), field.kind()) {
        (Shape::Map, Kind::Message(entry)) => {
            let (key, value) = (
                entry.map_entry_key_field().kind(),
                entry.map_entry_value_field().kind(),
            );
            let inside = match &value {
                Kind::Message(inner) => {
                    let inner = value_path(scope, inner);
                    format!(
                        "|number| match number {{ 2 => {cost}::inline::<{inner}>(), _ => {cost}::PLAIN }}"
                    )
                }
                _ => format!("|_| {cost}::PLAIN"),
            };
            Some(format!(
                "{cost}::map::<{}, {}>({inside})",
                rust_type(scope, &key),
                rust_type(scope, &value)
            ))
        }
        (Shape::List, Kind::Message(inner)) => Some(format!(
            "{cost}::messages::<{}>()",
            value_path(scope, &inner)
        )),
        (Shape::List, kind) => Some(match packed(&kind) {
            None => format!("{cost}::texts()"),
            Some(packed) => format!(
                "{cost}::numbers::<{}>({}::footprint::Packed::{packed})",
                rust_type(scope, &kind),
                scope.runtime()
            ),
        }),
        (_, Kind::Message(inner)) => {
            let how = if reaches(&inner, field.parent_message()) {
                "boxed"
            } else {
                "inline"
            };
            Some(format!("{cost}::{how}::<{}>()", value_path(scope, &inner)))
        }
        _ => None,
    }
}

/// Whether a message contains another one at any depth. `prost-build` then boxes the field.
fn reaches(from: &MessageDescriptor, to: &MessageDescriptor) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.clone()];
    while let Some(message) = open.pop() {
        if message.full_name() == to.full_name() {
            return true;
        }
        if seen.insert(message.full_name().to_owned()) {
            open.extend(message.fields().filter_map(|field| match field.kind() {
                Kind::Message(inner) => Some(inner),
                _ => None,
            }));
        }
    }
    false
}

/// Returns the encoding of a number in a packed list. `None` for text and bytes.
fn packed(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::String | Kind::Bytes | Kind::Message(_) => None,
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Some("Fixed64"),
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Some("Fixed32"),
        _ => Some("Varint"),
    }
}

fn rust_type(scope: &Scope<'_>, kind: &Kind) -> String {
    match kind {
        Kind::Double => "f64".to_owned(),
        Kind::Float => "f32".to_owned(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Enum(_) => "i32".to_owned(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "i64".to_owned(),
        Kind::Uint32 | Kind::Fixed32 => "u32".to_owned(),
        Kind::Uint64 | Kind::Fixed64 => "u64".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::String => scope.string_path(),
        Kind::Bytes => scope.bytes_path(),
        Kind::Message(message) => value_path(scope, message),
    }
}

/// Returns the type of a message as a value. Wrappers are the values that they wrap.
fn value_path(scope: &Scope<'_>, message: &MessageDescriptor) -> String {
    let is_wrapper = matches!(
        message.full_name(),
        "google.protobuf.DoubleValue"
            | "google.protobuf.FloatValue"
            | "google.protobuf.Int64Value"
            | "google.protobuf.UInt64Value"
            | "google.protobuf.Int32Value"
            | "google.protobuf.UInt32Value"
            | "google.protobuf.BoolValue"
            | "google.protobuf.StringValue"
            | "google.protobuf.BytesValue"
    );
    match message.get_field_by_name("value") {
        Some(value) if is_wrapper => rust_type(scope, &value.kind()),
        _ => scope.message_path(message),
    }
}
