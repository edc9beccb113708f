use serde_json::{Map, Value, json};

use super::{
    About, errors, header, or, parameter,
    path::Paths,
    schema::{Direction, Schemas},
    security,
};
use crate::{
    contract::{Method, Service},
    generate::comment,
    http_rule::{Binding, Body},
};

/// The methods that a path item of OpenAPI 3.1 can name.
const METHODS: [&str; 8] = [
    "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE",
];

/// The unsafe methods. An idempotency key makes them repeatable.
const KEYED: [&str; 4] = ["POST", "PUT", "PATCH", "DELETE"];

/// A binding and its location.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) service: &'a Service,
    pub(super) method: &'a Method,
    pub(super) binding: &'a Binding,
    /// Its index among the bindings of the method.
    pub(super) index: usize,
}

/// Adds the operation of a binding. OpenAPI 3.1 has no custom HTTP methods, so they are left out.
pub(super) fn add(paths: &mut Paths, schemas: &mut Schemas<'_>, about: &About, place: Place<'_>) {
    let Place {
        service,
        method,
        binding,
        index,
    } = place;
    if !METHODS.contains(&binding.method.as_str()) {
        return;
    }
    let descriptor = &method.descriptor;
    let text = comment(&service.descriptor.parent_file(), descriptor.path());
    let summary = text.lines().next().unwrap_or_default();
    let id = format!("{}_{}", service.descriptor.name(), descriptor.name());
    let id = if index == 0 {
        id
    } else {
        format!("{id}_{}", index + 1)
    };
    let (path, segments) = paths.write(&binding.template);
    let mut parameters = parameter::of(schemas, &descriptor.input(), binding, &segments);

    let has_key = about.has_key(method) && KEYED.contains(&binding.method.as_str());
    if has_key {
        parameters.push(parameter::idempotency_key());
    }

    let mut operation = Map::new();
    operation.insert("operationId".to_owned(), json!(id));
    operation.insert("tags".to_owned(), json!([service.descriptor.name()]));
    operation.insert(
        "summary".to_owned(),
        json!(or(summary, descriptor.name()).trim_end_matches('.')),
    );
    operation.insert(
        "description".to_owned(),
        json!(or(&text, descriptor.name())),
    );
    if descriptor
        .method_descriptor_proto()
        .options
        .as_ref()
        .is_some_and(|o| o.deprecated())
    {
        operation.insert("deprecated".to_owned(), json!(true));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".to_owned(), Value::Array(parameters));
    }
    operation.insert(
        "security".to_owned(),
        security::of_operation(&method.access),
    );
    let has_body = binding.body != Body::None;
    if let Some(body) = request_body(schemas, method, binding, &id) {
        operation.insert("requestBody".to_owned(), body);
    }
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(schemas, method, binding));
    responses.extend(errors::of_operation(method, has_body, has_key));
    operation.insert("responses".to_owned(), Value::Object(responses));
    paths.add(
        &path,
        &binding.method.to_ascii_lowercase(),
        Value::Object(operation),
    );
}

fn request_body(
    schemas: &mut Schemas<'_>,
    method: &Method,
    binding: &Binding,
    id: &str,
) -> Option<Value> {
    let input = method.descriptor.input();
    let (schema, required) = match &binding.body {
        Body::None => return None,
        Body::Field(name) => {
            let field = input.get_field_by_name(name)?;
            let required = schemas.must_be_given(&field);
            (schemas.field(&field, Direction::Input), required)
        }
        Body::Message => {
            let in_path: Vec<&str> = binding
                .template
                .variables
                .iter()
                .map(|variable| variable.field.as_str())
                .filter(|field| !field.contains('.'))
                .collect();
            if in_path.is_empty() {
                let required = input.fields().any(|field| schemas.must_be_given(&field));
                (schemas.message(&input, Direction::Input), required)
            } else {
                let required = input
                    .fields()
                    .filter(|field| !in_path.contains(&field.name()))
                    .any(|field| schemas.must_be_given(&field));
                (
                    schemas.body(&input, &in_path, &format!("{id}Body")),
                    required,
                )
            }
        }
    };
    Some(json!({
        "description": "The request.",
        "required": required,
        "content": { "application/json": { "schema": schema } },
    }))
}

fn success(schemas: &mut Schemas<'_>, method: &Method, binding: &Binding) -> Value {
    let output = method.descriptor.output();
    let schema = match &binding.response_body {
        Some(name) => match output.get_field_by_name(name) {
            Some(field) => schemas.field(&field, Direction::Output),
            None => json!(true),
        },
        None => schemas.message(&output, Direction::Output),
    };
    if method.descriptor.is_server_streaming() {
        return json!({
            "description": "A stream of messages. An error in the middle is the last element.",
            "headers": header::of_response(200),
            "content": {
                "application/x-ndjson": { "schema": { "description": "One JSON text per line.", "contentMediaType": "application/json", "contentSchema": schema } },
                "text/event-stream": { "schema": { "description": "One event per message. An error is an event named `error`." } },
            },
        });
    }
    json!({
        "description": "The response.",
        "headers": header::of_response(200),
        "content": { "application/json": { "schema": schema } },
    })
}
