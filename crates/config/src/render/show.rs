use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::{Loaded, Marks, key::Key, secret::Reference};

/// One value in effect, as it may be shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// The key.
    pub key: String,
    /// The value; `***` for a secret.
    pub value: Json,
    /// Where it comes from.
    pub origin: String,
    /// Whether a change takes effect without a restart.
    pub reloadable: bool,
    /// What its type declares about it.
    #[serde(skip)]
    pub marks: Marks,
}

impl Loaded {
    /// Every value in effect with its origin, in the order of the keys; secrets as `***`.
    #[must_use]
    pub fn values(&self) -> Vec<Shown> {
        let leaves = self.inner().leaves.iter();
        leaves
            .map(|(key, leaf)| Shown {
                key: key.to_string(),
                value: leaf.shown.clone(),
                origin: match self.scheme(key) {
                    Some(scheme) => format!("{}, by {scheme}:", leaf.origin),
                    None => leaf.origin.to_string(),
                },
                reloadable: leaf.reloadable,
                marks: self.inner().schema.marks(key),
            })
            .collect()
    }

    /// The values in effect as text, one a line, with their origins.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = format!("# profile {}\n", self.profile());
        for shown in self.values() {
            let _ = writeln!(text, "{} = {}  # {}", shown.key, shown.value, shown.origin);
        }
        text
    }

    /// The same as JSON, for tools and the admin API.
    #[must_use]
    pub fn show_json(&self) -> Json {
        json!({ "profile": self.profile().name(), "values": self.values() })
    }

    /// The kind of place that a secret is fetched from.
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
