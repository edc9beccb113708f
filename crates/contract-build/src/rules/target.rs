use prost_reflect::{FieldDescriptor, Kind};

/// The target of rules: a field, or the elements, keys or values in it.
pub(super) struct Target {
    pub(super) kind: Kind,
    pub(super) list: bool,
    pub(super) map: Option<(Kind, Kind)>,
    pub(super) element: bool,
}

impl Target {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        let map = match (field.is_map(), field.kind()) {
            (true, Kind::Message(entry)) => Some((
                entry.map_entry_key_field().kind(),
                entry.map_entry_value_field().kind(),
            )),
            _ => None,
        };
        Self {
            kind: field.kind(),
            list: field.is_list(),
            map,
            element: false,
        }
    }

    pub(super) fn element(kind: Kind) -> Self {
        Self {
            kind,
            list: false,
            map: None,
            element: true,
        }
    }

    /// Whether the target is a message. Well-known messages also have their own groups of rules.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.kind, Kind::Message(_)) && !self.list && self.map.is_none()
    }

    /// Returns the name of the matching group of rules.
    pub(super) fn group(&self) -> &'static str {
        if self.map.is_some() {
            return "map";
        }
        if self.list {
            return "repeated";
        }
        match &self.kind {
            Kind::Double => "double",
            Kind::Float => "float",
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Sint32 => "sint32",
            Kind::Sint64 => "sint64",
            Kind::Fixed32 => "fixed32",
            Kind::Fixed64 => "fixed64",
            Kind::Sfixed32 => "sfixed32",
            Kind::Sfixed64 => "sfixed64",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Bytes => "bytes",
            Kind::Enum(_) => "enum",
            Kind::Message(message) => match message.full_name() {
                "google.protobuf.DoubleValue" => "double",
                "google.protobuf.FloatValue" => "float",
                "google.protobuf.Int64Value" => "int64",
                "google.protobuf.UInt64Value" => "uint64",
                "google.protobuf.Int32Value" => "int32",
                "google.protobuf.UInt32Value" => "uint32",
                "google.protobuf.BoolValue" => "bool",
                "google.protobuf.StringValue" => "string",
                "google.protobuf.BytesValue" => "bytes",
                "google.protobuf.Duration" => "duration",
                "google.protobuf.Timestamp" => "timestamp",
                _ => "message",
            },
        }
    }
}
