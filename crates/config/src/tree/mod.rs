//! The tree of one layer before it is typed. Every node has its origin.

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
    /// The origin of the key.
    pub(crate) origin: Origin,
    pub(crate) node: Node,
}

#[derive(Clone)]
pub(crate) enum Scalar {
    /// A scalar of a file. A plain scalar has its type of the YAML core schema, a quoted one is
    /// text.
    Yaml { text: String, plain: bool },
    /// A scalar of a file after its placeholders are replaced.
    Expanded {
        text: String,
        /// Whether the schema decides the type. Otherwise it is text.
        typed: bool,
        /// Whether a part of the text comes from a variable.
        from_variable: bool,
    },
    /// A placeholder that cannot be replaced. It is an error unless a later layer replaces the
    /// value.
    Broken(String),
    /// A text of a variable or argument. The schema decides its type, and it has no markup.
    Literal(String),
    /// A default, which has its type.
    Typed(Json),
}

impl Node {
    pub(crate) fn empty(origin: Origin) -> Self {
        Self {
            origin,
            value: Value::Mapping(BTreeMap::new()),
        }
    }

    /// Replaces the placeholders of the tree of a file.
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

    /// Returns the tree of a default.
    pub(crate) fn from_default(json: &Json) -> Self {
        let value = match json {
            Json::Object(members) => Value::Mapping(
                members
                    .iter()
                    .map(|(name, member)| {
                        let node = Self::from_default(member);
                        let origin = Origin::Default;
                        (name.clone(), Entry { origin, node })
                    })
                    .collect(),
            ),
            Json::Array(items) => Value::Sequence(items.iter().map(Self::from_default).collect()),
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

    /// Returns the node of a key of sections.
    pub(crate) fn at_mut(&mut self, key: &Key) -> Option<&mut Self> {
        let mut segments = key.segments().iter();
        segments.try_fold(self, |node, segment| match (segment, &mut node.value) {
            (Segment::Name(name), Value::Mapping(entries)) => {
                entries.get_mut(name).map(|entry| &mut entry.node)
            }
            _ => None,
        })
    }

    /// Returns the origin of the value, or of its nearest ancestor in the tree.
    pub(crate) fn origin_of(&self, key: &Key) -> Origin {
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

    /// Returns the text of a scalar of a file.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.value {
            Value::Scalar(
                Scalar::Yaml { text, .. } | Scalar::Expanded { text, .. } | Scalar::Literal(text),
            ) => Some(text.clone()),
            _ => None,
        }
    }

    /// Whether this is `key:` without a value, or an explicit null.
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
