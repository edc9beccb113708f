use prost_reflect::{FieldDescriptor, Kind, OneofDescriptor};

use super::Scope;
use crate::names;

/// The representation of a field in the generated message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// The value.
    Plain,
    /// An `Option`.
    Optional,
    List,
    Map,
    Oneof(OneofDescriptor),
}

impl Shape {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        if field.is_map() {
            Self::Map
        } else if field.is_list() {
            Self::List
        } else if let Some(oneof) = real_oneof(field) {
            Self::Oneof(oneof)
        } else if field.supports_presence() {
            Self::Optional
        } else {
            Self::Plain
        }
    }
}

/// Returns the oneof of a field, unless it only represents `optional`.
pub(super) fn real_oneof(field: &FieldDescriptor) -> Option<OneofDescriptor> {
    field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic())
}

/// Returns the path of the kind in the runtime crate.
pub(super) fn kind(scope: &Scope<'_>, kind: &Kind) -> String {
    let name = match kind {
        Kind::Double => "Double",
        Kind::Float => "Float",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "Int32",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "Int64",
        Kind::Uint32 | Kind::Fixed32 => "UInt32",
        Kind::Uint64 | Kind::Fixed64 => "UInt64",
        Kind::Bool => "Boolean",
        Kind::String => "Text",
        Kind::Bytes => "Binary",
        Kind::Enum(definition) if definition.full_name() == "google.protobuf.NullValue" => {
            "NullValue"
        }
        Kind::Enum(definition) => {
            return format!(
                "{0}::json::kind::Enumeration<{1}>",
                scope.runtime(),
                names::enum_path(definition, scope.package)
            );
        }
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.DoubleValue" => "Double",
            "google.protobuf.FloatValue" => "Float",
            "google.protobuf.Int64Value" => "Int64",
            "google.protobuf.UInt64Value" => "UInt64",
            "google.protobuf.Int32Value" => "Int32",
            "google.protobuf.UInt32Value" => "UInt32",
            "google.protobuf.BoolValue" => "Boolean",
            "google.protobuf.StringValue" => "Text",
            "google.protobuf.BytesValue" => "Binary",
            "google.protobuf.Timestamp" => "Timestamp",
            "google.protobuf.Duration" => "Duration",
            "google.protobuf.FieldMask" => "FieldMask",
            "google.protobuf.Struct" => "Struct",
            "google.protobuf.Value" => "Value",
            "google.protobuf.ListValue" => "ListValue",
            _ => return format!("{}::json::kind::Message<_>", scope.runtime()),
        },
    };
    format!("{}::json::kind::{name}", scope.runtime())
}

/// Returns the kinds of a map's keys and values.
pub(super) fn map_kinds(scope: &Scope<'_>, field: &FieldDescriptor) -> (String, String) {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => (
            kind(scope, &entry.map_entry_key_field().kind()),
            kind(scope, &entry.map_entry_value_field().kind()),
        ),
        other => (kind(scope, &Kind::String), kind(scope, &other)),
    }
}

/// Returns the path of the variant of a oneof member.
pub(super) fn variant(
    scope: &Scope<'_>,
    field: &FieldDescriptor,
    oneof: &OneofDescriptor,
) -> String {
    format!(
        "{}::{}::{}",
        names::nested_module(field.parent_message(), scope.package),
        names::camel(oneof.name()),
        names::camel(field.name())
    )
}
