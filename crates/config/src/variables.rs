//! The environment layer: `HELLO__SERVER__HTTP__ADDR` is the key `server.http.addr` of the service `hello`.

use std::collections::BTreeMap;

use crate::{
    ConfigError, Environment, Origin,
    check::unknown_key,
    key::Key,
    schema::Schema,
    shape::{Form, Shape},
    tree::{Node, Value, insert},
};

/// Between two names of a key; one underscore belongs to a name.
const SEPARATOR: &str = "__";

/// The prefix of every variable of a service.
pub(crate) fn prefix(service: &str) -> String {
    format!("{}{SEPARATOR}", name_of(service))
}

/// A name as it stands in a variable.
fn name_of(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
            _ => '_',
        })
        .collect()
}

/// The variable that sets a key.
pub(crate) fn variable(service: &str, key: &Key) -> String {
    let names: Vec<String> = key.to_string().split('.').map(name_of).collect();
    format!("{}{}", prefix(service), names.join(SEPARATOR))
}

/// The variable that chooses the profile; it is not a setting.
pub(crate) fn profile_variable(service: &str) -> String {
    format!("{}PROFILE", prefix(service))
}

/// The layer that the variables of a service make. `lower` is what the files say, for the names of maps.
pub(crate) fn layer(
    service: &str,
    environment: &Environment,
    schema: &Schema,
    lower: &Node,
    errors: &mut Vec<ConfigError>,
) -> Node {
    let prefix = prefix(service);
    let profile = profile_variable(service);
    let mut tree = Node::empty(Origin::Default);
    let mut set_by: BTreeMap<String, &str> = BTreeMap::new();
    for (variable, value) in environment.with_prefix(&prefix) {
        if variable == profile {
            continue;
        }
        let origin = Origin::Environment {
            name: variable.into(),
        };
        let path = variable.strip_prefix(&prefix).unwrap_or_default();
        let resolved = resolve(schema, lower, path);
        if let Ok(key) = &resolved
            && let Some(other) = set_by.insert(key.to_string(), variable)
        {
            let problem = format!("{other} sets the same key; only one of them may be set");
            errors.push(ConfigError::new(origin, key.to_string(), problem));
            continue;
        }
        match (resolved, value) {
            (Err((key, problem)), _) => {
                errors.push(ConfigError::new(origin, key.to_string(), problem))
            }
            (Ok(key), Err(_)) => errors.push(ConfigError::new(
                origin,
                key.to_string(),
                "the variable is not UTF-8",
            )),
            (Ok(key), Ok(text)) => insert(
                &mut tree,
                schema.shape_at(&key),
                &key,
                &origin,
                text,
                errors,
            ),
        }
    }
    tree
}

/// The layer that variables of other names make. Where two of them set one key, the later one counts.
pub(crate) fn other_names(
    environment: &Environment,
    schema: &Schema,
    errors: &mut Vec<ConfigError>,
) -> Node {
    let mut tree = Node::empty(Origin::Default);
    for (name, key) in schema.variables() {
        let origin = Origin::Environment {
            name: name.as_str().into(),
        };
        match environment.get(name) {
            None => {}
            Some(Ok(text)) => insert(&mut tree, schema.shape_at(key), key, &origin, text, errors),
            Some(Err(problem)) => {
                errors.push(ConfigError::new(
                    origin,
                    key.to_string(),
                    problem.to_string(),
                ));
            }
        }
    }
    tree
}

/// The key that a variable means.
fn resolve(schema: &Schema, lower: &Node, path: &str) -> Result<Key, (Key, String)> {
    let mut key = Key::default();
    for name in path.split(SEPARATOR) {
        let shape = schema.shape_at(&key);
        let known = match shape {
            Some(shape) => known_name(shape, lower.at(&key), name),
            None => None,
        };
        let Some(known) = known else {
            let at = key.child(&name.to_ascii_lowercase());
            let problem = match shape {
                Some(shape) if shape.is_mapping() => unknown_key(&name.to_ascii_lowercase(), shape),
                Some(shape) if matches!(shape.form, Form::List(_)) => {
                    "a variable sets a list as a whole, as in `a,b` or `[\"a\", \"b\"]`".to_owned()
                }
                _ => "unknown key; there are no keys here".to_owned(),
            };
            return Err((at, problem));
        };
        key = key.child(&known);
    }
    Ok(key)
}

/// The name of the schema, or of a map in a file, that a part of a variable stands for.
fn known_name(shape: &Shape, lower: Option<&Node>, part: &str) -> Option<String> {
    let is_meant = |name: &&str| name_of(name) == part.to_ascii_uppercase();
    if let Some(name) = shape.names().into_iter().find(|name| is_meant(name)) {
        return Some(name.to_owned());
    }
    let chosen_by_user = match &shape.form {
        Form::Map { .. } | Form::Anything => true,
        Form::Choice(variants) => variants
            .iter()
            .any(|variant| matches!(variant.form, Form::Map { .. })),
        _ => false,
    };
    if !chosen_by_user || part.is_empty() {
        return None;
    }
    let written = match lower.map(|node| &node.value) {
        Some(Value::Mapping(entries)) => entries.keys().map(String::as_str).find(is_meant),
        _ => None,
    };
    Some(written.map_or_else(|| part.to_ascii_lowercase(), str::to_owned))
}
