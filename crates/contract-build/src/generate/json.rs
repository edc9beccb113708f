use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{
    Scope,
    field::{Shape, kind, map_kinds, variant},
};
use crate::{http_rule::is_text, names};

/// Generates the JSON form of a message.
pub(super) fn message(scope: &Scope<'_>, message: &MessageDescriptor) -> String {
    let runtime = scope.runtime();
    let path = scope.message_path(message);
    let fields: Vec<FieldDescriptor> = in_order(message);
    let mut constants = String::new();
    let mut lookup = String::new();
    let mut decode = String::new();
    let mut parameters = String::new();
    let mut encode = String::new();
    let mut oneofs = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        constants.push_str(&format!("{}, ", scope.field_constant(field)));
        let (proto, json) = (field.name(), field.json_name());
        if proto == json {
            lookup.push_str(&format!("{proto:?} => {index},"));
        } else {
            lookup.push_str(&format!("{json:?} | {proto:?} => {index},"));
        }
        decode.push_str(&format!("{index} => {},", decode_field(scope, field)));
        if let Some(parameter) = decode_parameter(scope, field) {
            parameters.push_str(&format!("{index} => {parameter},"));
        }
        match Shape::of(field) {
            Shape::Oneof(oneof) => {
                if !oneofs.contains(&oneof.full_name().to_owned()) {
                    oneofs.push(oneof.full_name().to_owned());
                    let members: String = fields
                        .iter()
                        .filter(|member| Shape::of(member) == Shape::Oneof(oneof.clone()))
                        .map(|member| {
                            format!(
                                "Some({}(value)) => encoder.always::<{}>({:?}, value),",
                                variant(scope, member, &oneof),
                                kind(scope, &member.kind()),
                                scope.json_name(member)
                            )
                        })
                        .collect();
                    encode.push_str(&format!(
                        "match &self.{} {{ {members} None => {{}} }}",
                        names::snake(oneof.name())
                    ));
                }
            }
            shape => encode.push_str(&encode_field(scope, field, &shape)),
        }
    }
    format!(
        "#[allow(
            unused_variables,
            unreachable_code,
            clippy::match_single_binding,
            reason = \"what a message without fields of some kind does not need\"
        )]
        impl {runtime}::json::JsonMessage for {path} {{
            const FIELDS: &'static [{runtime}::Field] = &[{constants}];

            fn field(name: &str) -> Option<usize> {{
                Some(match name {{ {lookup} _ => return None }})
            }}

            fn decode_field<'de, D: {runtime}::serde::Deserializer<'de>>(
                &mut self,
                index: usize,
                value: D,
                violations: &mut {runtime}::Violations,
            ) -> Result<(), D::Error> {{
                match index {{ {decode} _ => Ok(()) }}
            }}

            fn decode_parameter(
                &mut self,
                index: usize,
                rest: Option<&str>,
                text: &str,
                violations: &mut {runtime}::Violations,
            ) -> bool {{
                match index {{ {parameters} _ => false }}
            }}

            fn encode(&self, encoder: &mut {runtime}::json::Encoder) {{
                {encode}
            }}
        }}\n"
    )
}

/// Returns the fields in the order of the contract. The pool sorts them by number.
pub(crate) fn in_order(message: &MessageDescriptor) -> Vec<FieldDescriptor> {
    let mut fields: Vec<FieldDescriptor> = message.fields().collect();
    fields.sort_by_key(|field| field.path().last().copied());
    fields
}

fn decode_field(scope: &Scope<'_>, field: &FieldDescriptor) -> String {
    let runtime = scope.runtime();
    let name = names::snake(field.name());
    let kind_path = kind(scope, &field.kind());
    match Shape::of(field) {
        Shape::Plain => format!(
            "{runtime}::json::singular::<{kind_path}, D>(&mut self.{name}, value, violations)"
        ),
        Shape::Optional => format!(
            "{runtime}::json::optional::<{kind_path}, D>(&mut self.{name}, value, violations)"
        ),
        Shape::List => format!(
            "{runtime}::json::repeated::<{kind_path}, D>(&mut self.{name}, value, violations)"
        ),
        Shape::Map => {
            let (key, value) = map_kinds(scope, field);
            format!(
                "{runtime}::json::map::<{key}, {value}, D>(&mut self.{name}, value, violations)"
            )
        }
        Shape::Oneof(oneof) => format!(
            "{runtime}::json::oneof::<{kind_path}, _, D>(&mut self.{}, {}, value, violations)",
            names::snake(oneof.name()),
            variant(scope, field, &oneof)
        ),
    }
}

fn decode_parameter(scope: &Scope<'_>, field: &FieldDescriptor) -> Option<String> {
    let runtime = scope.runtime();
    let name = names::snake(field.name());
    let kind_path = kind(scope, &field.kind());
    let text = is_text(field)
        && !matches!(field.kind(), Kind::Enum(e) if e.full_name() == "google.protobuf.NullValue");
    let nested = matches!(field.kind(), Kind::Message(inner)
        if inner.package_name() != "google.protobuf");
    let set = |function: &str, kind: &str, slot: &str| {
        format!(
            "{runtime}::json::parameter::{function}{kind}(&mut self.{slot}, rest, text, violations)"
        )
    };
    match Shape::of(field) {
        Shape::Plain if text => Some(set("singular", &format!("::<{kind_path}>"), &name)),
        Shape::Optional if text => Some(set("optional", &format!("::<{kind_path}>"), &name)),
        Shape::Optional if nested => Some(set("message", "", &name)),
        Shape::List if text => Some(set("repeated", &format!("::<{kind_path}>"), &name)),
        Shape::Oneof(oneof) if text => Some(format!(
            "{runtime}::json::parameter::oneof::<{kind_path}, _>(&mut self.{}, {}, rest, text, violations)",
            names::snake(oneof.name()),
            variant(scope, field, &oneof)
        )),
        _ => None,
    }
}

fn encode_field(scope: &Scope<'_>, field: &FieldDescriptor, shape: &Shape) -> String {
    let name = names::snake(field.name());
    let json = scope.json_name(field);
    let kind_path = kind(scope, &field.kind());
    let always = scope.options.write_defaults;
    match shape {
        Shape::Plain => {
            let method = if always { "always" } else { "unless_default" };
            format!("encoder.{method}::<{kind_path}>({json:?}, &self.{name});")
        }
        Shape::List => {
            let method = if always {
                "list_always"
            } else {
                "list_unless_empty"
            };
            format!("encoder.{method}::<{kind_path}>({json:?}, &self.{name});")
        }
        Shape::Map => {
            let (key, value) = map_kinds(scope, field);
            let write =
                format!("encoder.name({json:?}); encoder.object::<{key}, {value}>(&self.{name});");
            if always {
                write
            } else {
                format!("if !self.{name}.is_empty() {{ {write} }}")
            }
        }
        Shape::Optional | Shape::Oneof(_) => {
            format!("encoder.optional::<{kind_path}>({json:?}, &self.{name});")
        }
    }
}
