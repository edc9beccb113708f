use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::{
    path::PathParameter,
    scalar::{PATH_LIMIT, SEGMENT_LIMIT},
    schema::Schemas,
};
use crate::{
    generate::{comment, in_order},
    http_rule::{Binding, Body, is_text},
};

/// Returns the parameters of a binding: of the path, then of the query.
pub(super) fn of(
    schemas: &mut Schemas<'_>,
    request: &MessageDescriptor,
    binding: &Binding,
    segments: &[PathParameter],
) -> Vec<Value> {
    let mut parameters: Vec<Value> = segments
        .iter()
        .map(|segment| path_parameter(schemas, request, segment))
        .collect();
    let bound: Vec<&str> = binding
        .template
        .variables
        .iter()
        .map(|variable| variable.field.as_str())
        .collect();
    let in_body = match &binding.body {
        Body::Message => return parameters,
        Body::Field(field) => Some(field.as_str()),
        Body::None => None,
    };
    let mut query = Query {
        schemas,
        bound,
        in_body,
        found: Vec::new(),
    };
    query.message(request, "", "", &mut Vec::new());
    parameters.append(&mut query.found);
    parameters
}

/// The pattern of an idempotency key: text without spaces, with or without quotes.
const KEY: &str = r#"^([!#-~]{1,255}|"[!#-~]{1,255}")$"#;

/// Returns the parameter of the idempotency key.
pub(super) fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A random value that the client chooses for each request. A repeated request with the same key gets the same response.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 257, "pattern": KEY },
    })
}

fn path_parameter(
    schemas: &Schemas<'_>,
    request: &MessageDescriptor,
    segment: &PathParameter,
) -> Value {
    let field = segment
        .field
        .as_deref()
        .and_then(|path| field_at(request, path));
    let (schema, description) = match &field {
        Some(field) if !segment.is_rest => (
            schemas.path_text(field),
            comment(&field.parent_file(), field.path()),
        ),
        Some(field) => (
            json!({ "type": "string", "maxLength": PATH_LIMIT }),
            comment(&field.parent_file(), field.path()),
        ),
        None if segment.is_rest => (
            json!({ "type": "string", "maxLength": PATH_LIMIT }),
            String::new(),
        ),
        None => {
            let part = segment.part.as_ref();
            let schema = part.and_then(|part| {
                let field = field_at(request, &part.field)?;
                schemas.path_part(&field, part)
            });
            let any = json!({ "type": "string", "minLength": 1, "maxLength": SEGMENT_LIMIT });
            (schema.unwrap_or(any), String::new())
        }
    };
    let description = match (description.is_empty(), segment.is_rest) {
        (true, true) => "Any number of segments.".to_owned(),
        (true, false) => "A segment of the path.".to_owned(),
        (false, _) => description,
    };
    json!({
        "name": segment.name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": schema,
    })
}

/// Returns the field at a path such as `book.name`.
fn field_at(request: &MessageDescriptor, path: &str) -> Option<FieldDescriptor> {
    let mut message = request.clone();
    let mut parts = path.split('.').peekable();
    loop {
        let field = message.get_field_by_name(parts.next()?)?;
        if parts.peek().is_none() {
            return Some(field);
        }
        match field.kind() {
            Kind::Message(inner) => message = inner,
            _ => return None,
        }
    }
}

struct Query<'a, 'b> {
    schemas: &'a mut Schemas<'b>,
    bound: Vec<&'a str>,
    in_body: Option<&'a str>,
    found: Vec<Value>,
}

impl Query<'_, '_> {
    fn message(
        &mut self,
        message: &MessageDescriptor,
        path: &str,
        shown: &str,
        inside: &mut Vec<String>,
    ) {
        // A recursive message is listed once, although the contract reads deeper parameters up to
        // `MAX_PARAMETER_DEPTH`.
        inside.push(message.full_name().to_owned());
        for field in in_order(message) {
            let path = join(path, field.name());
            let shown = join(shown, &self.schemas.name(&field));
            if self.bound.contains(&path.as_str()) || self.in_body == Some(&path) || field.is_map()
            {
                continue;
            }
            if !is_text(&field) {
                if let Kind::Message(inner) = field.kind()
                    && !field.is_list()
                    && inner.package_name() != "google.protobuf"
                    && !inside.iter().any(|outer| outer == inner.full_name())
                {
                    self.message(&inner, &path, &shown, inside);
                }
                continue;
            }
            let mut parameter = Map::new();
            parameter.insert("name".to_owned(), json!(shown));
            parameter.insert("in".to_owned(), json!("query"));
            if inside.len() == 1 && self.schemas.must_be_given(&field) {
                parameter.insert("required".to_owned(), json!(true));
            }
            let description = comment(&field.parent_file(), field.path());
            if !description.is_empty() {
                parameter.insert("description".to_owned(), json!(description));
            }
            parameter.insert("schema".to_owned(), self.schemas.query_text(&field));
            self.found.push(Value::Object(parameter));
        }
        inside.pop();
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
