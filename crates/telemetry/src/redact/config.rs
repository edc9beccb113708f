use schemars::JsonSchema;
use seaworthy_core::mask::Pattern;
use serde::{Deserialize, Serialize};

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
    /// Payment card numbers with a valid Luhn check digit, and identity cards of mainland China with
    /// a valid check character.
    pub cards: bool,
    /// Phone numbers in international format, with a plus, and mobile numbers of mainland China.
    pub phone_numbers: bool,
    /// Public IP addresses. Log fields that hold a client address show its network.
    pub ip_addresses: bool,
    /// Additional regular expressions whose matches are masked.
    pub patterns: Vec<Pattern>,
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
