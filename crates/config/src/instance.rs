//! The typed document into values of the settings types: serde has the last word.

use std::{any::TypeId, collections::BTreeMap};

use seaworthy_core::Secret;
use serde_json::Value as Json;

use crate::{
    ConfigError, Schema,
    document::{get, remove, set},
    key::Key,
    schema::{Instance, Refusal, wipe},
    tree::{Node, Scalar, Value},
};

/// serde stops at its first error, so the value at fault is taken away and serde asked again. As many errors as a person reads in one go.
const MOST_ERRORS: usize = 100;

/// Makes an instance of every settings type. Mistakes are added to `errors` with their places; where there are any, instances may be missing.
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
        for _ in 0..MOST_ERRORS {
            let refusal = match part.read(&document) {
                Ok(instance) => {
                    instances.insert(part.id, instance);
                    break;
                }
                Err(refusal) => refusal,
            };
            let key = refusal.key.clone();
            let known = errors.iter().any(|error| error.key() == key.to_string());
            if !known && !hides_an_error(&key, errors) {
                errors.push(locate(refusal, &document, secrets, tree));
            }
            if !repair(schema, &mut document, &key) {
                break;
            }
        }
    }
    wipe(&mut document);
    instances
}

/// Whether something below the key is already known to be wrong, so that serde only sees the gap that was left there.
fn hides_an_error(key: &Key, errors: &[ConfigError]) -> bool {
    let prefix = key.to_string();
    errors.iter().any(|error| {
        error
            .key()
            .strip_prefix(&prefix)
            .is_some_and(|rest| prefix.is_empty() || rest.starts_with(['.', '[']))
    })
}

/// Puts the default in place of a value at fault, or takes it away, or else its parent. Returns whether there was anything to change.
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

/// An error at the place of its value, without the value where that may be a secret.
fn locate(
    refusal: Refusal,
    document: &Json,
    secrets: &BTreeMap<Key, Secret<String>>,
    tree: &Node,
) -> ConfigError {
    let Refusal { key, problem } = refusal;
    let origin = tree.place(&key);
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

/// serde's messages quote the value; a variable's value is never repeated, because it may be a secret in the wrong place.
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
