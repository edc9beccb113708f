use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use crate::schema::Part;

/// The document and the defaults of some parts.
pub(crate) struct Description {
    pub(crate) document: Json,
    pub(crate) defaults: Json,
    pub(crate) problem: Option<String>,
}

impl Description {
    /// Describes the parts, and sets their keys.
    pub(crate) fn of(parts: &mut [Part]) -> Self {
        let mut generator = SchemaSettings::draft2020_12().into_generator();
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut defaults = Map::new();
        let mut problem = None;
        for part in parts {
            let schema = (part.schema)(&mut generator);
            let none = Map::new();
            let members = match schema.get("properties") {
                Some(Json::Object(members)) => Some(members),
                _ => is_empty_struct(&schema).then_some(&none),
            };
            let Some(members) = members else {
                problem.get_or_insert(format!("{} is not a struct with named fields", part.name));
                continue;
            };
            part.keys = members.keys().cloned().collect();
            for (name, member) in members {
                if properties.insert(name.clone(), member.clone()).is_some() {
                    problem.get_or_insert(format!(
                        "two settings types have the key `{name}`: the second type is {}",
                        part.name
                    ));
                }
            }
            required.extend(
                schema
                    .get("required")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
            match (part.defaults)() {
                Ok(Json::Object(members)) => defaults.extend(members),
                Ok(_) => {}
                Err(error) => {
                    problem.get_or_insert(format!(
                        "the defaults of {} cannot be written: {error}",
                        part.name
                    ));
                }
            }
        }
        let mut document = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "$defs": generator.take_definitions(true),
        });
        if !required.is_empty()
            && let Json::Object(members) = &mut document
        {
            members.insert("required".to_owned(), Json::Array(required));
        }
        // Another crate of the build may enable `preserve_order` of serde_json. The generated
        // documents are committed and compared, so they need one order.
        let mut defaults = Json::Object(defaults);
        defaults.sort_all_objects();
        document.sort_all_objects();
        Self {
            document,
            defaults,
            problem,
        }
    }
}

/// Whether a schema is a struct without fields. A map would allow other keys.
fn is_empty_struct(schema: &Json) -> bool {
    let is_object = schema.get("type").and_then(Json::as_str) == Some("object");
    let others = schema.get("additionalProperties");
    is_object && others.is_none_or(|others| others == &Json::Bool(false))
}
