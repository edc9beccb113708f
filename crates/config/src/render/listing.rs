use serde_json::Value as Json;

use crate::{
    check::MASK,
    key::Key,
    schema::Schema,
    shape::{Form, Kinds, Shape},
    variables::variable,
};

/// A key in the documentation.
pub(super) struct Listed {
    /// The key. `NAME` is a name that the user chooses.
    pub(super) key: Key,
    pub(super) kind: String,
    /// The default as JSON, if there is one.
    pub(super) default: Option<String>,
    pub(super) reloadable: bool,
    pub(super) secret: bool,
    pub(super) description: String,
    /// Whether a variable can set it.
    pub(super) has_variable: bool,
}

/// A setting of a schema, for tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingDescription {
    /// The key. `NAME` is a name that the user chooses.
    pub key: String,
    /// The environment variable that sets it, if one does.
    pub variable: Option<String>,
    /// The type as text.
    pub kind: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// Whether a change takes effect without a restart.
    pub reloadable: bool,
}

impl Schema {
    /// Returns every setting of a service, in alphabetical order.
    #[must_use]
    pub fn settings(&self, service: &str) -> Vec<SettingDescription> {
        let listed = list(self).into_iter();
        listed
            .map(|entry| SettingDescription {
                variable: entry.has_variable.then(|| variable(service, &entry.key)),
                key: entry.key.to_string(),
                kind: entry.kind,
                secret: entry.secret,
                reloadable: entry.reloadable,
            })
            .collect()
    }
}

/// Returns every key of a schema, in alphabetical order.
pub(super) fn list(schema: &Schema) -> Vec<Listed> {
    let mut listed = Vec::new();
    if let Ok(shape) = schema.shape() {
        visit(schema, shape, &Key::default(), false, &mut listed);
    }
    listed
}

fn visit(schema: &Schema, shape: &Shape, key: &Key, reloadable: bool, listed: &mut Vec<Listed>) {
    let reloadable = reloadable || shape.reloadable;
    let mut push = || {
        listed.push(Listed {
            key: key.clone(),
            kind: kind(shape),
            default: default(schema, shape, key),
            reloadable,
            secret: shape.secret,
            description: shape.description.clone().unwrap_or_default(),
            has_variable: !key.to_string().split('.').any(|name| name == "NAME"),
        });
    };
    match &shape.form {
        Form::Section { properties, .. } => {
            for (name, member) in properties {
                visit(schema, member, &key.child(name), reloadable, listed);
            }
        }
        Form::Map { values, .. } => {
            push();
            if values.is_mapping() {
                visit(schema, values, &key.child("NAME"), reloadable, listed);
            }
        }
        Form::Choice(variants) => {
            push();
            let mut below = Vec::new();
            for variant in variants.iter().filter(|variant| variant.is_mapping()) {
                visit(schema, variant, key, reloadable, &mut below);
            }
            for entry in below {
                match listed.iter_mut().find(|known| known.key == entry.key) {
                    None => listed.push(entry),
                    Some(_) if entry.key == *key => {}
                    Some(known) if known.kind == entry.kind => {}
                    Some(known) => known.kind = format!("{}, {}", known.kind, entry.kind),
                }
            }
        }
        Form::List(_) | Form::Scalar(_) | Form::Anything => push(),
    }
}

fn default(schema: &Schema, shape: &Shape, key: &Key) -> Option<String> {
    if shape.secret {
        return None;
    }
    let default = crate::document::get(schema.defaults(), key).or(shape.default.as_ref())?;
    // A stable order, because the output is committed and compared.
    let mut default = default.clone();
    default.sort_all_objects();
    (!default.is_null()).then(|| plain(&default))
}

/// Formats a value as in a configuration file.
pub(super) fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn kind(shape: &Shape) -> String {
    if shape.secret {
        return "secret".to_owned();
    }
    match &shape.form {
        Form::Section { .. } => "section".to_owned(),
        Form::Map { .. } => "map".to_owned(),
        Form::List(list) => match &list.rest {
            Some(item) => format!("list of {}", kind(item)),
            None => "list".to_owned(),
        },
        Form::Choice(_) => "one of several forms".to_owned(),
        Form::Anything => "anything".to_owned(),
        Form::Scalar(scalar) if !scalar.names.is_empty() => {
            let names: Vec<String> = scalar.names.iter().map(plain).collect();
            names.join(", ")
        }
        Form::Scalar(scalar) => {
            let name = match (scalar.format.as_deref(), scalar.kinds) {
                (Some("duration-text"), _) => "duration",
                (Some("byte-size"), _) => "size",
                (Some("uri" | "url"), _) => "URL",
                (_, Kinds { boolean: true, .. }) => "boolean",
                (_, Kinds { number: true, .. }) => "number",
                (_, Kinds { integer: true, .. }) => "integer",
                _ => "string",
            };
            let min = scalar.minimum.as_ref().filter(|_| name != "string");
            let max = scalar.maximum.as_ref().filter(|_| name != "string");
            match (min, max) {
                (Some(min), Some(max)) => format!("{name}, {min} to {max}"),
                _ => name.to_owned(),
            }
        }
    }
}

/// The text of a secret in an example.
pub(super) const SECRET_EXAMPLE: &str = "file:/run/secrets/NAME";

/// The text of a secret that is set.
pub(super) const SECRET_SHOWN: &str = MASK;
