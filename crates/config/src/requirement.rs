use serde_json::Value as Json;

use crate::{
    ConfigError, Origin,
    key::Key,
    legacy::Effect,
    legacy_key::remove,
    tree::{Node, Scalar, Value},
};

/// A value of a key that a variable or a legacy key requires.
#[derive(Debug)]
pub(crate) struct Requirement {
    pub(crate) origin: Origin,
    pub(crate) name: String,
    pub(crate) key: Key,
    wanted: Wanted,
}

#[derive(Debug)]
enum Wanted {
    Set,
    NotSet,
    /// The absence of this key, which is removed.
    Removed(Key),
    /// A URL whose scheme begins with this.
    Scheme(String),
}

impl Requirement {
    /// Reads the value of a variable or a legacy key. `None` if its effect requires nothing.
    ///
    /// # Errors
    /// The value is not one of those of the effect.
    pub(crate) fn new(
        origin: &Origin,
        name: &str,
        effect: &Effect<Key>,
        text: &str,
    ) -> Result<Option<Self>, String> {
        let (key, wanted) = match (effect, text) {
            (Effect::Enables { key }, "true") => (key, Wanted::Set),
            (Effect::Enables { key }, "false") => (key, Wanted::NotSet),
            (Effect::Switches { key, .. }, "true") => (key, Wanted::Set),
            (Effect::Switches { key, removes }, "false") => (key, Wanted::Removed(removes.clone())),
            (Effect::Enables { .. } | Effect::Switches { .. }, _) => {
                return Err("the value is neither true nor false".to_owned());
            }
            (Effect::Scheme { key, values }, text) if values.contains(&text) => {
                (key, Wanted::Scheme(text.to_owned()))
            }
            (Effect::Scheme { values, .. }, _) => {
                return Err(format!("the value is not one of {}", values.join(", ")));
            }
            _ => return Ok(None),
        };
        Ok(Some(Self {
            origin: origin.clone(),
            name: name.to_owned(),
            key: key.clone(),
            wanted,
        }))
    }

    /// Removes the keys that the settings must not have.
    pub(crate) fn apply(&self, tree: &mut Node) {
        if let Wanted::Removed(key) = &self.wanted {
            remove(tree, key);
        }
    }

    /// Returns the error if the settings do not meet this requirement.
    pub(crate) fn check(self, tree: &Node) -> Option<ConfigError> {
        let (key, node) = (&self.key, tree.at(&self.key));
        let is_set = node.is_some_and(|node| !node.is_null());
        let problem = match &self.wanted {
            Wanted::Set if !is_set => format!("set {key} too"),
            Wanted::NotSet if is_set => format!("{key} is set: remove one of them"),
            Wanted::Scheme(scheme) if !node.is_some_and(|node| has_scheme(node, scheme)) => {
                format!("{key} must be a URL with the scheme {scheme}: correct one of them")
            }
            _ => return None,
        };
        Some(ConfigError::new(self.origin, self.name, problem))
    }
}

/// Returns the requirements of the highest layers. A layer replaces those below it.
pub(crate) fn highest(requirements: Vec<Requirement>) -> Vec<Requirement> {
    let mut highest: Vec<Requirement> = Vec::new();
    for requirement in requirements {
        highest.retain(|lower| lower.key != requirement.key);
        highest.push(requirement);
    }
    highest
}

/// Whether a value is a URL with this scheme, or is a reference to a secret, which is read later.
fn has_scheme(node: &Node, scheme: &str) -> bool {
    let of_default = || match &node.value {
        Value::Scalar(Scalar::Typed(Json::String(text))) => Some(text.clone()),
        _ => None,
    };
    let text = node.text().or_else(of_default).unwrap_or_default();
    text.starts_with(scheme)
}
