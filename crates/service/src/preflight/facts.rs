use std::collections::BTreeMap;

use seaworthy_config::{Mark, Marks};
use seaworthy_core::ByteSize;
use serde_json::Value;

/// One effective setting: a leaf of the tree, or a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The value, or a mask if the setting is a secret.
    pub value: Value,
    /// The place that set the value, for messages.
    pub origin: String,
    /// Whether the value is the default.
    pub is_default: bool,
    /// Whether the setting is a secret whose value is written in a file or on the command line.
    pub is_inline_secret: bool,
    /// The marks that the type of the setting declares.
    pub marks: Marks,
}

/// The effective settings of a service by their full keys.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    settings: BTreeMap<String, Setting>,
    secrets: BTreeMap<String, SecretShape>,
    memory_limit: Option<ByteSize>,
}

/// The properties of a secret that the rules need. The secret itself is not stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SecretShape {
    pub(crate) length: usize,
    pub(crate) is_known_sample: bool,
    /// Whether it has too few kinds of characters for a random key.
    pub(crate) is_simple: bool,
    pub(crate) marks: Marks,
    /// How to encrypt the link in the secret, if it is an unencrypted link.
    pub(crate) plain_link: Option<&'static str>,
    /// Whether it is the URL of a Redis on another machine without a password.
    pub(crate) needs_password: bool,
}

impl Facts {
    /// Adds a setting.
    pub fn insert(&mut self, key: impl Into<String>, setting: Setting) {
        self.settings.insert(key.into(), setting);
    }

    /// Adds one item to a list, whose origin is that of its first item.
    pub fn insert_item(&mut self, list: &str, item: Setting) {
        let known = self
            .settings
            .entry(list.to_owned())
            .or_insert_with(|| Setting {
                value: Value::Array(Vec::new()),
                ..item.clone()
            });
        if let Value::Array(items) = &mut known.value {
            items.push(item.value);
        }
    }

    /// Sets the memory limit of the container.
    pub fn set_memory_limit(&mut self, limit: Option<ByteSize>) {
        self.memory_limit = limit;
    }

    pub(crate) fn memory_limit(&self) -> Option<ByteSize> {
        self.memory_limit
    }

    /// Records the properties of a secret that the rules need, without the secret.
    pub fn insert_secret(&mut self, key: impl Into<String>, secret: &str, marks: Marks) {
        let shape = SecretShape {
            length: secret.len(),
            is_known_sample: super::rules::is_known_sample(secret),
            is_simple: super::rules::is_simple(secret),
            plain_link: match marks.has(Mark::Link) {
                true => super::rules::plain_address(secret),
                false => super::rules::plain_link(secret),
            },
            needs_password: marks.has(Mark::Link) && super::rules::needs_password(secret),
            marks,
        };
        self.secrets.insert(key.into(), shape);
    }

    /// Returns a setting.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, &SecretShape)> {
        self.secrets
            .iter()
            .map(|(key, shape)| (key.as_str(), shape))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings
            .iter()
            .map(|(key, setting)| (key.as_str(), setting))
    }

    /// Returns the settings with a mark.
    pub(crate) fn marked(&self, mark: Mark) -> impl Iterator<Item = (&str, &Setting)> {
        self.iter()
            .filter(move |(_, setting)| setting.marks.has(mark))
    }

    /// Returns the setting `enabled` of the section that contains a key.
    pub(crate) fn is_enabled(&self, key: &str) -> Option<bool> {
        let (section, _) = key.rsplit_once('.')?;
        self.get(&format!("{section}.enabled"))?.value.as_bool()
    }

    /// Whether an operator, and not a default, enabled the section that contains a key.
    pub(crate) fn is_enabled_explicitly(&self, key: &str) -> bool {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
        let enabled = self.get(&format!("{section}.enabled"));
        enabled.is_some_and(|setting| setting.value == Value::Bool(true) && !setting.is_default)
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|setting| setting.value == Value::Bool(true))
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.value.as_str()
    }

    pub(crate) fn origin(&self, key: &str) -> String {
        self.get(key)
            .map_or_else(|| "not set".to_owned(), |setting| setting.origin.clone())
    }
}
