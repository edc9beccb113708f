use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{Check, scalar};
use crate::{
    ConfigError,
    key::Key,
    nearest::nearest,
    shape::{Form, ListShape, Shape},
    tree::{Entry, Node},
};

impl Check {
    pub(super) fn mapping(
        &mut self,
        shape: &Shape,
        node: &Node,
        entries: &BTreeMap<String, Entry>,
        key: &Key,
        reloadable: bool,
    ) -> Option<Json> {
        let mut members = Map::new();
        for (name, entry) in entries {
            let at = key.child(name);
            let Some(member) = self.member(shape, name, entry, &at) else {
                continue;
            };
            if let Some(value) = self.node(member, &entry.node, &at, reloadable) {
                members.insert(name.clone(), value);
            }
        }
        if let Form::Section { required, .. } = &shape.form {
            for name in required.iter().filter(|name| !entries.contains_key(*name)) {
                self.errors.push(ConfigError::new(
                    node.origin.clone(),
                    key.child(name).to_string(),
                    "required, and has no default",
                ));
            }
        }
        if entries.is_empty() && !key.is_root() {
            return self.leaf(node, key, Json::Object(members), reloadable);
        }
        Some(Json::Object(members))
    }

    /// Returns the shape of a member, or records an error.
    fn member<'a>(
        &mut self,
        shape: &'a Shape,
        name: &str,
        entry: &Entry,
        at: &Key,
    ) -> Option<&'a Shape> {
        let problem = match &shape.form {
            Form::Section {
                properties, closed, ..
            } => match properties.get(name) {
                Some(member) => return Some(member),
                None if *closed => unknown_key(name, shape),
                None => return None,
            },
            Form::Map {
                names: Some(pattern),
                values,
            } => match pattern.is_match(name) {
                Ok(true) => return Some(values),
                Ok(false) => format!("the name does not match the pattern `{pattern}`"),
                Err(error) => error.to_owned(),
            },
            Form::Map { values, .. } => return Some(values),
            _ => return None,
        };
        self.errors.push(ConfigError::new(
            entry.origin.clone(),
            at.to_string(),
            problem,
        ));
        None
    }
}

/// Describes an unknown key, with the nearest known one.
pub(crate) fn unknown_key(name: &str, shape: &Shape) -> String {
    let known: Vec<&str> = shape.names().into_iter().collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("unknown key: did you mean `{near}`?");
    }
    if known.is_empty() {
        return "unknown key: this section has no keys".to_owned();
    }
    format!("unknown key: the keys here are {}", known.join(", "))
}

/// Returns the error of the length of a list.
pub(super) fn length(list: &ListShape, found: usize) -> Option<String> {
    let length = u64::try_from(found).unwrap_or(u64::MAX);
    let min = list.minimum.filter(|min| length < *min);
    let max = list.maximum.filter(|max| length > *max);
    let bound = match (min, max) {
        (Some(min), _) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => return None,
    };
    Some(format!("expected {bound} items, found {found}"))
}

/// Describes a shape in a few words.
pub(super) fn describe(shape: &Shape) -> String {
    match &shape.form {
        Form::Section { properties, .. } => {
            let names: Vec<&str> = properties.keys().map(String::as_str).collect();
            format!("a section with {}", names.join(", "))
        }
        Form::Map { .. } => "a mapping".to_owned(),
        Form::List(_) => "a list".to_owned(),
        Form::Choice(variants) => variants
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join(", or "),
        Form::Scalar(form) => scalar::expected(form),
        Form::Anything => "anything".to_owned(),
    }
}
