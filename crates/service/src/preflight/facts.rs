use std::{collections::BTreeMap, net::IpAddr};

use seaworthy_core::ByteSize;
use serde_json::Value;

/// One effective setting: a leaf of the tree, or a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The value; a secret's value is never here.
    pub value: Value,
    /// Where it comes from, for people.
    pub origin: String,
    /// Whether nobody set it.
    pub is_default: bool,
    /// Whether it is a secret that is written out where a reference should stand.
    pub is_inline_secret: bool,
    /// Whether browsers visit the address or come from it. The settings type declares this with
    /// `#[schemars(extend("x-browser-address" = true))]`.
    pub is_browser_address: bool,
    /// Whether its type declares that it is the URL of a store, a broker or another service.
    pub is_link: bool,
}

/// The effective settings of a service by their full keys.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    settings: BTreeMap<String, Setting>,
    secrets: BTreeMap<String, SecretShape>,
    memory_limit: Option<ByteSize>,
}

/// What a rule may know of a secret without seeing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SecretShape {
    pub(crate) length: usize,
    pub(crate) is_known_sample: bool,
    /// Whether its type declares that it is a signing key.
    pub(crate) is_signing_key: bool,
    /// How to encrypt the link in the secret, if it is an unencrypted link.
    pub(crate) plain_link: Option<&'static str>,
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

    /// Records the properties of a secret that the rules need: its length, whether it is a
    /// well-known sample, and whether it is an unencrypted link. It does not keep the secret.
    /// `is_signing_key` is the declaration of its type.
    pub fn insert_secret(&mut self, key: impl Into<String>, secret: &str, is_signing_key: bool) {
        let shape = SecretShape {
            length: secret.len(),
            is_known_sample: super::rules::is_known_sample(secret),
            is_signing_key,
            plain_link: super::rules::plain_link(secret),
        };
        self.secrets.insert(key.into(), shape);
    }

    /// One setting.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = (&str, SecretShape)> {
        self.secrets
            .iter()
            .map(|(key, shape)| (key.as_str(), *shape))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings
            .iter()
            .map(|(key, setting)| (key.as_str(), setting))
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
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

/// Whether a host name or address means this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
