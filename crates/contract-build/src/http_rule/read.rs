use prost_reflect::{
    Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

use super::{Binding, Body, Template};
use crate::diagnostic::{Diagnostics, Location};

const HTTP: &str = "google.api.http";

/// Well-known messages whose JSON form is text without spaces, so that they can be in a path or
/// query.
const TEXT_MESSAGES: [&str; 12] = [
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
    "google.protobuf.FieldMask",
    "google.protobuf.DoubleValue",
    "google.protobuf.FloatValue",
    "google.protobuf.Int64Value",
    "google.protobuf.UInt64Value",
    "google.protobuf.Int32Value",
    "google.protobuf.UInt32Value",
    "google.protobuf.BoolValue",
    "google.protobuf.StringValue",
    "google.protobuf.BytesValue",
];

/// The maximum names in the path of a variable. It equals `MAX_PARAMETER_DEPTH` of
/// `seaworthy-contract`, which rejects longer paths at run time.
const MAX_PARAMETER_DEPTH: usize = 32;

/// Returns the HTTP routes of a method, including additional ones.
pub(crate) fn read_bindings(
    method: &MethodDescriptor,
    diagnostics: &mut Diagnostics,
) -> Vec<Binding> {
    let options = method.options();
    let Some((_, Value::Message(rule))) = options
        .extensions()
        .find(|(extension, _)| extension.full_name() == HTTP)
    else {
        return Vec::new();
    };
    let location = Location::of(&method.parent_service().parent_file(), method.path());
    if method.is_client_streaming() {
        diagnostics.add(
            location,
            format!(
                "`{}` streams its requests, which HTTP does not support: remove google.api.http",
                method.name()
            ),
        );
        return Vec::new();
    }
    let mut bindings = Vec::new();
    let mut add = |rule: &DynamicMessage, diagnostics: &mut Diagnostics| match binding(method, rule)
    {
        Ok(binding) => bindings.push(binding),
        Err(problem) => {
            diagnostics.add(
                location.clone(),
                format!("google.api.http of `{}`: {problem}", method.name()),
            );
        }
    };
    add(rule, diagnostics);
    for additional in messages(rule, "additional_bindings") {
        if !messages(&additional, "additional_bindings").is_empty() {
            diagnostics.add(
                location.clone(),
                format!(
                    "google.api.http of `{}`: an additional binding cannot have additional bindings",
                    method.name()
                ),
            );
        }
        add(&additional, diagnostics);
    }
    bindings
}

fn binding(method: &MethodDescriptor, rule: &DynamicMessage) -> Result<Binding, String> {
    let (verb, path) = pattern(rule)?;
    let template = Template::parse(&path)?;
    let request = method.input();
    for variable in &template.variables {
        check_variable(&request, &variable.field)?;
    }
    let body = match text(rule, "body").as_str() {
        "" => Body::None,
        "*" => Body::Message,
        field => {
            if request.get_field_by_name(field).is_none() {
                return Err(format!(
                    "the body `{field}` is not a field of `{}`",
                    request.name()
                ));
            }
            Body::Field(field.to_owned())
        }
    };
    if body != Body::None && matches!(verb.as_str(), "GET" | "HEAD") {
        return Err(format!("{verb} has no body"));
    }
    let response_body = match text(rule, "response_body") {
        field if field.is_empty() => None,
        field => {
            if method.output().get_field_by_name(&field).is_none() {
                return Err(format!(
                    "the response body `{field}` is not a field of `{}`",
                    method.output().name()
                ));
            }
            Some(field)
        }
    };
    Ok(Binding {
        method: verb,
        template,
        body,
        response_body,
    })
}

fn pattern(rule: &DynamicMessage) -> Result<(String, String), String> {
    for (member, value) in rule.fields() {
        match (member.name(), value) {
            ("get" | "put" | "post" | "delete" | "patch", Value::String(path)) => {
                return Ok((member.name().to_ascii_uppercase(), path.clone()));
            }
            ("custom", Value::Message(custom)) => {
                let kind = text(custom, "kind");
                let is_token = !kind.is_empty()
                    && kind
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                // `*` allows any method.
                if !is_token && kind != "*" {
                    return Err(format!("`{kind}` is not an HTTP method"));
                }
                return Ok((kind.to_ascii_uppercase(), text(custom, "path")));
            }
            _ => {}
        }
    }
    Err("no method and path".to_owned())
}

fn check_variable(request: &MessageDescriptor, path: &str) -> Result<(), String> {
    if path.split('.').nth(MAX_PARAMETER_DEPTH).is_some() {
        return Err(format!(
            "`{path}` has more than {MAX_PARAMETER_DEPTH} names separated by dots"
        ));
    }
    let mut message = request.clone();
    let mut parts = path.split('.').peekable();
    while let Some(name) = parts.next() {
        let field = message
            .get_field_by_name(name)
            .ok_or_else(|| format!("`{path}`: `{name}` is not a field of `{}`", message.name()))?;
        if field.cardinality() == Cardinality::Repeated {
            return Err(format!(
                "`{path}`: `{name}` is repeated, so it cannot be in a path"
            ));
        }
        match (parts.peek(), field.kind()) {
            (Some(_), Kind::Message(inner)) if !is_text(&field) => message = inner,
            (None, _) if is_text(&field) => {}
            (Some(_), _) => return Err(format!("`{path}`: `{name}` has no fields")),
            (None, _) => return Err(format!("`{path}`: `{name}` cannot be written in a path")),
        }
    }
    Ok(())
}

/// Whether a value of the field can be written as text in a path or query.
pub(crate) fn is_text(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => TEXT_MESSAGES.contains(&message.full_name()),
        // Its only JSON form is null.
        Kind::Enum(definition) => definition.full_name() != "google.protobuf.NullValue",
        _ => true,
    }
}

fn text(message: &DynamicMessage, name: &str) -> String {
    message
        .get_field_by_name(name)
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn messages(message: &DynamicMessage, name: &str) -> Vec<DynamicMessage> {
    message
        .get_field_by_name(name)
        .and_then(|value| {
            value.as_list().map(|list| {
                list.iter()
                    .filter_map(|item| item.as_message().cloned())
                    .collect()
            })
        })
        .unwrap_or_default()
}
