//! The raw tree of one layer: nothing is typed yet, and every node knows its place.

mod literal;
mod merge;
mod yaml;

use std::collections::BTreeMap;

use serde_json::Value as Json;

pub(crate) use literal::{insert, list_of_literals};
pub(crate) use merge::merge;
pub(crate) use yaml::{flow, parse};

use crate::{
    Environment, Origin,
    key::{Key, Segment},
    placeholder::expand,
};

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) origin: Origin,
    pub(crate) value: Value,
}

#[derive(Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(BTreeMap<String, Entry>),
}

#[derive(Clone)]
pub(crate) struct Entry {
    /// The place of the key.
    pub(crate) origin: Origin,
    pub(crate) node: Node,
}

#[derive(Clone)]
pub(crate) enum Scalar {
    /// Written in a file: a plain scalar has the type that YAML's core schema gives it, a quoted one is text.
    Yaml { text: String, plain: bool },
    /// Written in a file with placeholders, which are replaced.
    Expanded {
        text: String,
        /// Whether the schema decides the type; else it is text.
        typed: bool,
        /// Whether a variable was read, so that the text is not the file's.
        from_variable: bool,
    },
    /// A placeholder that cannot be replaced: a mistake, unless a later layer replaces the whole value.
    Broken(String),
    /// Out of a variable or an argument: it takes the type that the schema asks, and nothing in it counts as markup.
    Literal(String),
    /// Already typed: a default.
    Typed(Json),
}

impl Node {
    pub(crate) fn empty(origin: Origin) -> Self {
        Self {
            origin,
            value: Value::Mapping(BTreeMap::new()),
        }
    }

    /// Replaces the placeholders of a file's tree.
    pub(crate) fn expand(&mut self, environment: &Environment) {
        match &mut self.value {
            Value::Scalar(Scalar::Yaml { text, plain }) => {
                let plain = *plain;
                let expanded = match expand(text, environment) {
                    Ok(None) => return,
                    Ok(Some(expansion)) if expansion.placeholders == 0 => Scalar::Yaml {
                        text: expansion.text,
                        plain,
                    },
                    Ok(Some(expansion)) => Scalar::Expanded {
                        typed: plain || expansion.whole,
                        from_variable: expansion.variables > 0,
                        text: expansion.text,
                    },
                    Err(problem) => Scalar::Broken(problem),
                };
                self.value = Value::Scalar(expanded);
            }
            Value::Scalar(_) => {}
            Value::Sequence(items) => items.iter_mut().for_each(|item| item.expand(environment)),
            Value::Mapping(entries) => entries
                .values_mut()
                .for_each(|entry| entry.node.expand(environment)),
        }
    }

    /// A default as a tree.
    pub(crate) fn of_default(json: &Json) -> Self {
        let value = match json {
            Json::Object(members) => Value::Mapping(
                members
                    .iter()
                    .map(|(name, member)| {
                        let node = Self::of_default(member);
                        let origin = Origin::Default;
                        (name.clone(), Entry { origin, node })
                    })
                    .collect(),
            ),
            Json::Array(items) => Value::Sequence(items.iter().map(Self::of_default).collect()),
            scalar => Value::Scalar(Scalar::Typed(scalar.clone())),
        };
        Self {
            origin: Origin::Default,
            value,
        }
    }

    pub(crate) fn at(&self, key: &Key) -> Option<&Self> {
        key.segments()
            .iter()
            .try_fold(self, |node, segment| match (segment, &node.value) {
                (Segment::Name(name), Value::Mapping(entries)) => {
                    entries.get(name).map(|entry| &entry.node)
                }
                (Segment::Index(index), Value::Sequence(items)) => items.get(*index),
                _ => None,
            })
    }

    /// The place of the value, or of the nearest ancestor that was written.
    pub(crate) fn place(&self, key: &Key) -> Origin {
        let mut key = key.clone();
        loop {
            if let Some(node) = self.at(&key) {
                return node.origin.clone();
            }
            if key.is_root() {
                return self.origin.clone();
            }
            key = key.parent();
        }
    }

    /// Whether this is `key:` with nothing behind it, or an explicit null.
    pub(crate) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar(Scalar::Yaml { text, plain: true }) => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Value::Scalar(Scalar::Typed(json)) => json.is_null(),
            _ => false,
        }
    }
}
