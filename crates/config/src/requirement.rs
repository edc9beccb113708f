use serde_json::Value as Json;

use crate::{
    ConfigError, Origin, UrlChange,
    effect::Effect,
    key::Key,
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
    /// A URL with this change.
    Url(UrlChange),
    /// A list of items, each of which has a URL with this name and change.
    Urls(&'static str, UrlChange),
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
            (Effect::ChangesUrl { key, changes }, text) => {
                (key, Wanted::Url(change_of(changes, text)?))
            }
            (
                Effect::ChangesUrls {
                    list,
                    member,
                    changes,
                },
                text,
            ) => (list, Wanted::Urls(member, change_of(changes, text)?)),
            _ => return Ok(None),
        };
        Ok(Some(Self {
            origin: origin.clone(),
            name: name.to_owned(),
            key: key.clone(),
            wanted,
        }))
    }

    /// Removes the keys that the settings must not have, and changes URLs.
    pub(crate) fn apply(&self, tree: &mut Node) {
        match &self.wanted {
            Wanted::Removed(key) => drop(remove(tree, key)),
            Wanted::Url(change) => {
                if let Some(node) = tree.at_mut(&self.key) {
                    change_url(node, *change);
                }
            }
            Wanted::Urls(member, change) => {
                let list = tree.at_mut(&self.key).map(|list| &mut list.value);
                let Some(Value::Sequence(items)) = list else {
                    return;
                };
                let member = Key::default().child(member);
                let urls = items.iter_mut().filter_map(|item| item.at_mut(&member));
                urls.for_each(|url| change_url(url, *change));
            }
            Wanted::Set | Wanted::NotSet | Wanted::Scheme(_) => {}
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
            Wanted::Url(change) => match node.map(|node| change.apply(&text_of(node))) {
                Some(Err(problem)) => format!("{key}: {problem}"),
                _ => return None,
            },
            Wanted::Urls(member, change) => {
                let Some(Value::Sequence(items)) = node.map(|list| &list.value) else {
                    return None;
                };
                let member = Key::default().child(member);
                let mut urls = items.iter().filter_map(|item| item.at(&member));
                let problem = urls.find_map(|url| change.apply(&text_of(url)).err())?;
                format!("{key}: {problem}")
            }
            _ => return None,
        };
        Some(ConfigError::new(self.origin, self.name, problem))
    }
}

/// Returns the change of a value.
///
/// # Errors
/// The value is not one of these.
fn change_of(changes: &[(&str, UrlChange)], text: &str) -> Result<UrlChange, String> {
    let found = changes.iter().find(|(value, _)| *value == text);
    found.map(|(_, change)| *change).ok_or_else(|| {
        let known: Vec<_> = changes.iter().map(|(value, _)| *value).collect();
        format!("the value is not one of {}", known.join(", "))
    })
}

fn change_url(node: &mut Node, change: UrlChange) {
    if let Ok(Some(url)) = change.apply(&text_of(node)) {
        node.value = Value::Scalar(Scalar::Literal(url));
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
    text_of(node).starts_with(scheme)
}

/// Returns the text of a value or of a default.
fn text_of(node: &Node) -> String {
    let of_default = || match &node.value {
        Value::Scalar(Scalar::Typed(Json::String(text))) => Some(text.clone()),
        _ => None,
    };
    node.text().or_else(of_default).unwrap_or_default()
}
