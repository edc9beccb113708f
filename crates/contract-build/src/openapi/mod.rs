//! The OpenAPI 3.1 document of the HTTP routes (API-4). It includes the bounds of the contract's
//! rules.
//!
//! Requests and responses have separate schemas, because the JSON mapping reads more than it
//! writes: `null`, numbers as text, and enums by number.

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
mod schema_names;
mod security;
#[cfg(test)]
mod tests;
mod text;

use serde_json::{Map, Value, json};

pub(crate) use about::About;
pub(crate) use errors::ErrorFormat;

use crate::{
    Access,
    contract::{Contract, Method},
    generate::{Options, comment},
};

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
    let needs_credentials = |method: &Method| method.access != Access::Public;
    let mut methods = contract
        .services
        .iter()
        .flat_map(|service| &service.methods);
    if methods.any(needs_credentials) {
        add(&mut parts, "securitySchemes", security::schemes());
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

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}
