use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::{Loaded, Marks, key::Key, secret::Reference};

/// A value in effect. Secrets are masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EffectiveValue {
    /// The key.
    pub key: String,
    /// The value, or `***` for a secret.
    pub value: Json,
    /// The origin of the value.
    pub origin: String,
    /// Whether a change takes effect without a restart.
    pub reloadable: bool,
    /// The marks that its type declares.
    #[serde(skip)]
    pub marks: Marks,
}

impl Loaded {
    /// Returns every value in effect with its origin, by key. Secrets are `***`.
    #[must_use]
    pub fn values(&self) -> Vec<EffectiveValue> {
        let leaves = self.inner().leaves.iter();
        leaves
            .map(|(key, leaf)| EffectiveValue {
                key: key.to_string(),
                value: leaf.shown.clone(),
                origin: match self.scheme(key) {
                    Some(scheme) => format!("{}, from {scheme}:", leaf.origin),
                    None => leaf.origin.to_string(),
                },
                reloadable: leaf.reloadable,
                marks: self.inner().schema.marks(key),
            })
            .collect()
    }

    /// Returns the values in effect as text, one per line, with their origins.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = format!("# profile {}\n", self.profile());
        for shown in self.values() {
            let _ = writeln!(text, "{} = {}  # {}", shown.key, shown.value, shown.origin);
        }
        text
    }

    /// Returns the values in effect as JSON, for tools and the admin API.
    #[must_use]
    pub fn show_json(&self) -> Json {
        json!({ "profile": self.profile().name(), "values": self.values() })
    }

    /// Returns the scheme of the source of a secret.
    fn scheme(&self, key: &Key) -> Option<&'static str> {
        let leaf = self
            .inner()
            .secret_leaves
            .iter()
            .find(|leaf| leaf.key == *key)?;
        match leaf.reference {
            Reference::External { scheme, .. } => Some(scheme),
            Reference::Literal(_) => None,
        }
    }
}
