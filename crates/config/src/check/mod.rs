//! Checks the merged tree against the schema. Returns all errors, and a typed document of the valid
//! values.
//!
//! The document omits invalid values, so that serde does not report the same error again.

mod bounds;
mod scalar;
mod section;

use std::collections::BTreeMap;

use serde_json::Value as Json;

pub(crate) use scalar::{MASK, shown_untyped as untyped};
pub(crate) use section::unknown_key;

use crate::{
    ConfigError, Origin,
    key::Key,
    secret::SecretLeaf,
    shape::{Chosen, Form, ListShape, Shape, choose},
    tree::{Node, Scalar, Value, list_of_literals},
};

/// A value in effect.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) origin: Origin,
    /// The value, or a mask for a secret.
    pub(crate) shown: Json,
    pub(crate) reloadable: bool,
}

#[derive(Default)]
pub(crate) struct Check {
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) secrets: Vec<SecretLeaf>,
    pub(crate) leaves: BTreeMap<Key, Leaf>,
}

impl Check {
    /// Checks a node. `reloadable` is inherited from the sections that contain it.
    pub(crate) fn node(
        &mut self,
        shape: &Shape,
        node: &Node,
        key: &Key,
        reloadable: bool,
    ) -> Option<Json> {
        let reloadable = reloadable || shape.reloadable;
        if let Value::Scalar(Scalar::Broken(problem)) = &node.value {
            self.reject(node, key, problem.clone());
            return None;
        }
        if shape.nullable && self.is_absent(shape, node) {
            return self.leaf(node, key, Json::Null, reloadable);
        }
        if shape.secret {
            return self.secret(node, key, reloadable);
        }
        match (&shape.form, &node.value) {
            (Form::Section { .. } | Form::Map { .. }, Value::Mapping(entries)) => {
                self.mapping(shape, node, entries, key, reloadable)
            }
            (Form::List(list), _) => self.list(list, node, key, reloadable),
            (Form::Choice(variants), _) => self.choice(variants, node, key, reloadable),
            (Form::Scalar(form), Value::Scalar(written)) => match scalar::check(form, written) {
                Ok(json) => self.leaf(node, key, json, reloadable),
                Err(problem) => {
                    self.reject(node, key, problem);
                    None
                }
            },
            (Form::Anything, _) => {
                let json = scalar::untyped(node);
                self.leaf(node, key, json, reloadable)
            }
            (Form::Section { .. } | Form::Map { .. }, _) => {
                let names: Vec<&str> = shape.names().into_iter().collect();
                let problem = match names.as_slice() {
                    [] => "expected a mapping".to_owned(),
                    names => format!("expected a section with the keys {}", names.join(", ")),
                };
                self.reject(
                    node,
                    key,
                    format!("{problem}, found {}", scalar::found(node)),
                );
                None
            }
            (Form::Scalar(form), _) => {
                let problem = format!(
                    "expected {}, found {}",
                    scalar::expected(form),
                    scalar::found(node)
                );
                self.reject(node, key, problem);
                None
            }
        }
    }

    fn reject(&mut self, node: &Node, key: &Key, problem: impl Into<String>) {
        self.errors.push(ConfigError::new(
            node.origin.clone(),
            key.to_string(),
            problem,
        ));
    }

    fn leaf(&mut self, node: &Node, key: &Key, json: Json, reloadable: bool) -> Option<Json> {
        let leaf = Leaf {
            origin: node.origin.clone(),
            shown: scalar::redact(&json),
            reloadable,
        };
        self.leaves.insert(key.clone(), leaf);
        Some(json)
    }

    /// Whether the value is unset. An empty variable unsets an optional setting. An empty string in
    /// a file unsets an optional secret.
    fn is_absent(&self, shape: &Shape, node: &Node) -> bool {
        let empty = match &node.value {
            Value::Scalar(
                Scalar::Literal(text)
                | Scalar::Expanded {
                    text, typed: true, ..
                },
            ) => text.is_empty(),
            Value::Scalar(Scalar::Yaml { text, .. } | Scalar::Expanded { text, .. }) => {
                shape.secret && text.is_empty()
            }
            _ => false,
        };
        node.is_null() || (empty && !matches!(shape.form, Form::Anything))
    }

    fn secret(&mut self, node: &Node, key: &Key, reloadable: bool) -> Option<Json> {
        match SecretLeaf::read(node, key) {
            Ok(secret) => {
                self.secrets.push(secret);
                self.leaf(node, key, Json::String(MASK.to_owned()), reloadable)
            }
            Err(problem) => {
                self.reject(node, key, problem);
                None
            }
        }
    }

    fn list(&mut self, list: &ListShape, node: &Node, key: &Key, reloadable: bool) -> Option<Json> {
        let split;
        let items = match &node.value {
            Value::Sequence(items) => items,
            Value::Scalar(Scalar::Expanded {
                text, typed: true, ..
            }) => {
                split = list_of_literals(&node.origin, text);
                match &split.value {
                    Value::Sequence(items) => items,
                    _ => return None,
                }
            }
            _ => {
                self.reject(
                    node,
                    key,
                    format!("expected a list, found {}", scalar::found(node)),
                );
                return None;
            }
        };
        if let Some(problem) = section::length(list, items.len()) {
            self.reject(node, key, problem);
        }
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let Some(shape) = list.item(index) else {
                break;
            };
            let at = key.item(index);
            let Some(value) = self.node(shape, item, &at, reloadable) else {
                continue;
            };
            if list.unique && values.contains(&value) {
                self.reject(item, &at, "duplicate value in the list");
            }
            values.push(value);
        }
        if items.is_empty() {
            return self.leaf(node, key, Json::Array(values), reloadable);
        }
        Some(Json::Array(values))
    }

    fn choice(
        &mut self,
        variants: &[Shape],
        node: &Node,
        key: &Key,
        reloadable: bool,
    ) -> Option<Json> {
        match choose(variants, node) {
            Chosen::Variant(variant) => self.node(variant, node, key, reloadable),
            Chosen::TagMissing { tag, names } => {
                self.reject(
                    node,
                    key,
                    format!("`{tag}` is required: use one of {}", names.join(", ")),
                );
                None
            }
            Chosen::TagUnknown { tag, names } => {
                let at = key.child(tag);
                let place = node.at(&Key::default().child(tag)).unwrap_or(node);
                self.reject(place, &at, scalar::unknown_name(place, &names));
                None
            }
            Chosen::Untagged => self.first_that_fits(variants, node, key, reloadable),
        }
    }

    fn first_that_fits(
        &mut self,
        variants: &[Shape],
        node: &Node,
        key: &Key,
        reloadable: bool,
    ) -> Option<Json> {
        for variant in variants {
            let mut attempt = Self::default();
            if let Some(json) = attempt.node(variant, node, key, reloadable)
                && attempt.errors.is_empty()
            {
                self.secrets.append(&mut attempt.secrets);
                self.leaves.append(&mut attempt.leaves);
                return Some(json);
            }
        }
        let mut forms: Vec<String> = variants.iter().map(section::describe).collect();
        forms.dedup();
        let found = scalar::found(node);
        self.reject(
            node,
            key,
            format!("expected {}, found {found}", forms.join(", or ")),
        );
        None
    }
}
