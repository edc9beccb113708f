//! Deserializes the typed document into the settings types.

use std::{any::TypeId, collections::BTreeMap};

use seaworthy_core::Secret;
use serde_json::Value as Json;

use crate::{
    ConfigError, Schema,
    document::{get, remove, set},
    key::Key,
    schema::{DeserializeError, Instance, wipe},
    tree::{Node, Scalar, Value},
};

/// The maximum number of errors. serde stops at its first error, so the invalid value is replaced
/// and the document is deserialized again.
const MAX_ERRORS: usize = 100;

/// Returns an instance of every settings type. Adds errors with their origins to `errors`. If there
/// are any, instances may be missing.
pub(crate) fn instantiate(
    schema: &Schema,
    document: &Json,
    secrets: &BTreeMap<Key, Secret<String>>,
    tree: &Node,
    errors: &mut Vec<ConfigError>,
) -> BTreeMap<TypeId, Instance> {
    let mut document = document.clone();
    for (key, secret) in secrets {
        set(&mut document, key, Json::String(secret.expose().clone()));
    }
    let mut instances = BTreeMap::new();
    for part in schema.parts() {
        for _ in 0..MAX_ERRORS {
            let error = match part.read(&document) {
                Ok(instance) => {
                    instances.insert(part.id, instance);
                    break;
                }
                Err(error) => error,
            };
            let key = error.key.clone();
            let known = errors.iter().any(|error| error.key() == key.to_string());
            if !known && !hides_an_error(&key, errors) {
                errors.push(locate(error, &document, secrets, tree));
            }
            if !repair(schema, &mut document, &key) {
                break;
            }
        }
    }
    wipe(&mut document);
    instances
}

/// Whether a value below the key has an error already. Then serde only reports the missing value.
fn hides_an_error(key: &Key, errors: &[ConfigError]) -> bool {
    let prefix = key.to_string();
    errors.iter().any(|error| {
        error
            .key()
            .strip_prefix(&prefix)
            .is_some_and(|rest| prefix.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// Replaces an invalid value by its default, or removes it or its parent. Returns whether the
/// document has changed.
fn repair(schema: &Schema, document: &mut Json, key: &Key) -> bool {
    let mut key = key.clone();
    while !key.is_root() {
        if let Some(default) = get(schema.defaults(), &key)
            && get(document, &key) != Some(default)
        {
            set(document, &key, default.clone());
            return true;
        }
        if remove(document, &key) {
            return true;
        }
        key = key.parent();
    }
    false
}

/// Adds the origin to an error, and removes the value if it may be a secret.
fn locate(
    error: DeserializeError,
    document: &Json,
    secrets: &BTreeMap<Key, Secret<String>>,
    tree: &Node,
) -> ConfigError {
    let DeserializeError { key, problem } = error;
    let origin = tree.origin_of(&key);
    let near_secret = secrets
        .keys()
        .any(|secret| secret.starts_with(&key) || key.starts_with(secret));
    let from_file = tree.at(&key).is_some_and(|node| {
        !matches!(
            &node.value,
            Value::Scalar(
                Scalar::Literal(_)
                    | Scalar::Expanded {
                        from_variable: true,
                        ..
                    }
            )
        )
    });
    let problem = if near_secret {
        "is not a valid value".to_owned()
    } else if from_file {
        problem
    } else {
        without_value(&problem, get(document, &key))
    };
    ConfigError::new(origin, key.to_string(), problem)
}

/// Removes the value of a variable from a message of serde, because it may be a misplaced secret.
fn without_value(problem: &str, value: Option<&Json>) -> String {
    let value = match value {
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => return problem.to_owned(),
    };
    let quoted = problem
        .replace(&format!("{value:?}"), "the value")
        .replace(&format!("`{value}`"), "the value");
    if !value.is_empty() && quoted.contains(&value) {
        return "is not a valid value".to_owned();
    }
    quoted
}
