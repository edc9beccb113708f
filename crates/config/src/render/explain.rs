use std::fmt::Write as _;

use serde_json::Value as Json;

use super::listing::{SECRET_SHOWN, plain};
use crate::{
    Loaded,
    check::{unknown_key, untyped},
    key::{Key, Segment},
    loaded::LayerName,
    shape::Shape,
    tree::{Node, Value},
    variables::variable,
};

/// A key that no setting has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct UnknownKey {
    key: String,
    problem: String,
}

impl Loaded {
    /// Returns the description of a key and its value in each layer. Secrets are masked.
    ///
    /// # Errors
    /// [`UnknownKey`] with the nearest key.
    pub fn explain(&self, key: &str) -> Result<String, UnknownKey> {
        let inner = self.inner();
        let at = Key::from_dotted(key);
        let shape = self.known_shape(&at)?;
        let mut text = format!("{at}\n");
        if let Some(description) = &shape.description {
            let _ = writeln!(text, "  {}", description.replace('\n', "\n  "));
        }
        let _ = writeln!(text, "  variable: {}", variable(&inner.service, &at));
        let values: Vec<(&LayerName, Option<&Node>)> = inner
            .layers
            .iter()
            .map(|(name, tree)| (name, tree.at(&at)))
            .collect();
        let winner = inner.tree.at(&at).map(|node| &node.origin);
        let is_section = inner
            .tree
            .at(&at)
            .is_some_and(|node| matches!(node.value, Value::Mapping(_)));
        for (name, node) in values {
            let layer = match name {
                LayerName::Defaults => "default".to_owned(),
                LayerName::File(path) => path.display().to_string(),
                LayerName::Environment => "environment".to_owned(),
                LayerName::CommandLine => "command line".to_owned(),
            };
            let Some(node) = node else {
                let _ = writeln!(text, "  {layer}: -");
                continue;
            };
            let value = if contains_secret(shape) {
                SECRET_SHOWN.to_owned()
            } else {
                plain(&untyped(node))
            };
            let mark = if !is_section && Some(&node.origin) == winner {
                "  <- in effect"
            } else {
                ""
            };
            let _ = writeln!(text, "  {layer}: {value}  # {}{mark}", node.origin);
        }
        if let Some(leaf) = inner.leaves.get(&at) {
            let value = match &leaf.shown {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let _ = writeln!(text, "  in effect: {value}");
        }
        Ok(text)
    }

    fn known_shape(&self, key: &Key) -> Result<&Shape, UnknownKey> {
        let schema = &self.inner().schema;
        let mut at = Key::default();
        for segment in key.segments() {
            let above = schema.shape_at(&at);
            let name = match segment {
                Segment::Name(name) => name.clone(),
                Segment::Index(index) => index.to_string(),
            };
            at = at.child(&name);
            if schema.shape_at(&at).is_none() {
                let problem = match above {
                    Some(above) => unknown_key(&name, above),
                    None => "unknown key".to_owned(),
                };
                return Err(UnknownKey {
                    key: at.to_string(),
                    problem,
                });
            }
        }
        schema.shape_at(key).ok_or_else(|| UnknownKey {
            key: key.to_string(),
            problem: "unknown key".to_owned(),
        })
    }
}

/// Whether a shape is or contains a secret.
fn contains_secret(shape: &Shape) -> bool {
    use crate::shape::Form;
    shape.secret
        || match &shape.form {
            Form::Section { properties, .. } => properties.values().any(contains_secret),
            Form::Map { values, .. } => contains_secret(values),
            Form::List(list) => list
                .first
                .iter()
                .chain(list.rest.as_deref())
                .any(contains_secret),
            Form::Choice(variants) => variants.iter().any(contains_secret),
            Form::Scalar(_) | Form::Anything => false,
        }
}
