use std::str::FromStr;

use regex::Regex;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The data that is masked in logs and spans. Every class is on by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedactionConfig {
    /// Values of fields with sensitive names, such as password=… and Authorization headers.
    pub sensitive_fields: bool,
    /// JWTs, bearer tokens, session tokens, API keys and private keys.
    pub tokens: bool,
    /// E-mail addresses, and user names and passwords in URLs.
    pub emails: bool,
    /// Payment card numbers with a valid Luhn check digit.
    pub cards: bool,
    /// Phone numbers in international format, with a plus.
    pub phone_numbers: bool,
    /// Public IP addresses. Log fields that hold a client address show its network.
    pub ip_addresses: bool,
    /// Additional regular expressions whose matches are masked.
    pub patterns: Vec<RedactionPattern>,
}

impl RedactionConfig {
    pub(super) const DEFAULT: Self = Self {
        sensitive_fields: true,
        tokens: true,
        emails: true,
        cards: true,
        phone_numbers: true,
        ip_addresses: true,
        patterns: Vec::new(),
    };
}

impl Default for RedactionConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A regular expression whose matches are masked, in the syntax of the `regex` crate.
#[derive(Debug, Clone)]
pub struct RedactionPattern(Regex);

/// A text that is not a valid regular expression.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{pattern}` is not a valid regular expression")]
pub struct InvalidPattern {
    pattern: String,
    source: regex::Error,
}

impl RedactionPattern {
    pub(super) fn regex(&self) -> &Regex {
        &self.0
    }
}

impl FromStr for RedactionPattern {
    type Err = InvalidPattern;

    fn from_str(pattern: &str) -> Result<Self, InvalidPattern> {
        Regex::new(pattern)
            .map(Self)
            .map_err(|source| InvalidPattern {
                pattern: pattern.to_owned(),
                source,
            })
    }
}

impl PartialEq for RedactionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for RedactionPattern {}

impl Serialize for RedactionPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for RedactionPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = String::deserialize(deserializer)?;
        pattern.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for RedactionPattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RedactionPattern".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "regex" })
    }
}
