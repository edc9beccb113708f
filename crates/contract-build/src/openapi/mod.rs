//! The OpenAPI 3.1 document of the HTTP routes: what a client may send and will get, with the bounds of the contract's rules (API-4).
//!
//! Requests and answers have schemas of their own, because the JSON mapping reads more than it writes (`null`, numbers as text, enums by number)
//! and a document that hides half of that is no contract.

mod about;
mod choice;
mod duration;
mod errors;
mod header;
mod operation;
mod parameter;
mod path;
mod range;
mod rule;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;
mod text;

use serde_json::{Map, Value, json};

pub(crate) use about::About;
pub(crate) use errors::ErrorForm;

use crate::{contract::Contract, generate::Options, generate::comment};

/// The whole document.
pub(crate) fn document(contract: &Contract, options: &Options) -> Value {
    let about = &options.about;
    let mut schemas = schema::Schemas::new(contract, options);
    let mut paths = path::Paths::default();
    let mut tags = Vec::new();
    let mut described = String::new();
    for service in &contract.services {
        let file = service.descriptor.parent_file();
        if described.is_empty() {
            // The number of `package` in a file's descriptor.
            described = comment(&file, &[2]);
        }
        let mut any = false;
        for method in &service.methods {
            for (index, binding) in method.bindings.iter().enumerate() {
                any = true;
                operation::add(
                    &mut paths,
                    &mut schemas,
                    about,
                    operation::Place {
                        service,
                        method,
                        binding,
                        index,
                    },
                );
            }
        }
        if any {
            let description = comment(&file, service.descriptor.path());
            tags.push(json!({
                "name": service.descriptor.name(),
                "description": or(&description, service.descriptor.full_name()),
            }));
        }
    }
    let mut info = Map::new();
    info.insert("title".to_owned(), json!(about.title));
    info.insert("version".to_owned(), json!(about.version));
    info.insert(
        "description".to_owned(),
        json!(or(&described, &about.title)),
    );
    if let Some((name, url)) = &about.contact {
        info.insert("contact".to_owned(), json!({ "name": name, "url": url }));
    }
    let mut components = schemas.finish();
    components.insert(errors::SCHEMA.to_owned(), about.errors.schema.clone());
    let paths = paths.finish();
    let mut parts = json!({
        "schemas": components,
        "responses": errors::responses(&about.errors, &paths),
        "headers": header::definitions(),
    });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": info,
        "servers": [{ "url": "/", "x-internal": about.internal }],
        "tags": tags,
        "paths": paths,
    });
    if about.bearer_tokens {
        add(&mut document, "security", json!([{ BEARER: [] }]));
        add(
            &mut parts,
            "securitySchemes",
            json!({
                BEARER: { "type": "http", "scheme": "bearer", "description": "A bearer token (RFC 6750)." },
            }),
        );
    }
    add(&mut document, "components", parts);
    text::mark_free_text(&mut document);
    document
}

fn add(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// The name of the security scheme.
const BEARER: &str = "bearer";

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
