//! The layer of environment variables: `HELLO__SERVER__HTTP__ADDR` sets the key `server.http.addr`
//! of the service `hello`.

use std::collections::BTreeMap;

use crate::{
    ConfigError, Environment, Origin,
    check::unknown_key,
    key::Key,
    legacy::{Effect, Variable, mapped},
    requirement::Requirement,
    schema::Schema,
    shape::{Form, Shape},
    tree::{Node, Value, insert},
};

/// Separates the names of a key. A single underscore is part of a name.
const SEPARATOR: &str = "__";

/// Returns the prefix of all variables of a service.
pub(crate) fn prefix(service: &str) -> String {
    format!("{}{SEPARATOR}", name_of(service))
}

/// Returns a name in the notation of a variable.
fn name_of(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            letter if letter.is_ascii_alphanumeric() => letter.to_ascii_uppercase(),
            _ => '_',
        })
        .collect()
}

/// Returns the variable that sets a key.
pub(crate) fn variable(service: &str, key: &Key) -> String {
    let names: Vec<String> = key.to_string().split('.').map(name_of).collect();
    format!("{}{}", prefix(service), names.join(SEPARATOR))
}

/// Returns the variable that sets the profile, which is not a setting.
pub(crate) fn profile_variable(service: &str) -> String {
    format!("{}PROFILE", prefix(service))
}

/// Returns the layer of the variables of a service. `lower` has the names of map entries in files.
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
            let problem = format!("{other} sets the same key: remove one of them");
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

/// Returns the layer of variables with other names. If two of them set a key, the later one takes
/// precedence.
pub(crate) fn other_names(
    environment: &Environment,
    schema: &Schema,
    requirements: &mut Vec<Requirement>,
    errors: &mut Vec<ConfigError>,
) -> Node {
    let mut tree = Node::empty(Origin::Default);
    let prefixed = with_legacy_prefix(environment, schema, errors);
    for variable in prefixed.iter().chain(schema.variables()) {
        let Some(value) = environment.get(&variable.name) else {
            continue;
        };
        let origin = Origin::Environment {
            name: variable.name.as_str().into(),
        };
        let key = match &variable.effect {
            Effect::Sets { key, .. } | Effect::Maps { key, .. } => key.to_string(),
            _ => String::new(),
        };
        let problem = match (value, &variable.effect) {
            (Err(problem), _) => problem.to_string(),
            (Ok(text), Effect::Sets { key, conversion }) => {
                let converted = match conversion {
                    Some(conversion) => conversion.apply(text),
                    None => Ok(text.to_owned()),
                };
                match converted {
                    Ok(text) => {
                        let shape = schema.shape_at(key);
                        insert(&mut tree, shape, key, &origin, &text, errors);
                        continue;
                    }
                    Err(problem) => problem.to_owned(),
                }
            }
            // The loader reads it.
            (Ok(_), Effect::SetsProfile | Effect::Profiles) | (Ok(""), _) => continue,
            (
                Ok(text),
                Effect::Enables { .. } | Effect::Switches { .. } | Effect::Scheme { .. },
            ) => match Requirement::new(&origin, "", &variable.effect, text) {
                Ok(required) => {
                    requirements.extend(required);
                    continue;
                }
                Err(problem) => problem,
            },
            (Ok(text), Effect::Maps { key, values }) => match mapped(values, text) {
                Ok(Some(text)) => {
                    let shape = schema.shape_at(key);
                    insert(&mut tree, shape, key, &origin, text, errors);
                    continue;
                }
                Ok(None) => continue,
                Err(problem) => problem,
            },
            (Ok(text), Effect::Accepts { values, .. }) if values.contains(&text) => continue,
            (Ok(_), Effect::Accepts { advice, .. } | Effect::Rejected { advice }) => {
                format!("the variable is not supported: {advice}")
            }
        };
        errors.push(ConfigError::new(origin, key, problem));
    }
    tree
}

/// Returns the variables that name keys after the prefix of a legacy deployment, such as
/// `APP_SERVER_HTTP_ADDR` for `server.http.addr`. They name keys of files, also legacy ones.
fn with_legacy_prefix(
    environment: &Environment,
    schema: &Schema,
    errors: &mut Vec<ConfigError>,
) -> Vec<Variable> {
    let Some(prefix) = schema.legacy_prefix() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (variable, _) in environment.with_prefix(prefix) {
        let path = variable.strip_prefix(prefix).unwrap_or_default();
        let named = |effect| Variable {
            name: variable.to_owned(),
            effect,
        };
        let legacy = schema.legacy_keys().iter();
        let of_key = |key: &Key| name_of(&key.to_string()) == path.to_ascii_uppercase();
        let known = found.len();
        found.extend(
            legacy
                .filter(|moved| moved.effect != Effect::Profiles && of_key(&moved.from))
                .map(|moved| named(moved.effect.clone())),
        );
        if found.len() > known {
            continue;
        }
        let root = schema.shape_at(&Key::default());
        match root.and_then(|root| key_below(root, &Key::default(), path)) {
            Some(key) => found.push(named(Effect::Sets {
                key,
                conversion: None,
            })),
            None => {
                let origin = Origin::Environment {
                    name: variable.into(),
                };
                let problem = format!("unknown key: remove the variable {variable}");
                errors.push(ConfigError::new(origin, "", problem));
            }
        }
    }
    found
}

/// Returns the key whose names, joined by underscores, are `path`.
fn key_below(shape: &Shape, key: &Key, path: &str) -> Option<Key> {
    shape.names().into_iter().find_map(|name| {
        let rest = path.strip_prefix(&name_of(name))?;
        let (key, inner) = (key.child(name), shape.member(name)?);
        match rest.strip_prefix('_') {
            _ if rest.is_empty() => Some(key),
            Some(rest) => key_below(inner, &key, rest),
            None => None,
        }
    })
}

/// Returns the key of a variable, without the prefix.
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
                    "a variable sets a whole list, such as `a,b` or `[\"a\", \"b\"]`".to_owned()
                }
                _ => "unknown key: this section has no keys".to_owned(),
            };
            return Err((at, problem));
        };
        key = key.child(&known);
    }
    Ok(key)
}

/// Returns the name in the schema, or in a map of a file, that a part of a variable names.
fn known_name(shape: &Shape, lower: Option<&Node>, part: &str) -> Option<String> {
    let matches = |name: &&str| name_of(name) == part.to_ascii_uppercase();
    if let Some(name) = shape.names().into_iter().find(|name| matches(name)) {
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
        Some(Value::Mapping(entries)) => entries.keys().map(String::as_str).find(matches),
        _ => None,
    };
    Some(written.map_or_else(|| part.to_ascii_lowercase(), str::to_owned))
}
