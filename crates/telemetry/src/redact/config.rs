use schemars::JsonSchema;
use seaworthy_core::mask::Pattern;
use serde::{Deserialize, Serialize};

/// The data that is masked in logs and spans. Every class is on by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedactionConfig {
    /// Values of fields with sensitive names, such as password=… and Authorization headers.
    #[schemars(extend("x-unsafe" = [{
        "id": "OBS-3",
        "value": false,
        "why": "logs contain passwords and other values with sensitive names",
        "fix": "set it to true"
    }]))]
    pub sensitive_fields: bool,
    /// JWTs, bearer tokens, session tokens, API keys and private keys.
    #[schemars(extend("x-unsafe" = [{
        "id": "OBS-3",
        "value": false,
        "why": "logs contain tokens and keys, with which readers can act as users",
        "fix": "set it to true"
    }]))]
    pub tokens: bool,
    /// E-mail addresses, and user names and passwords in URLs.
    #[schemars(extend("x-unsafe" = [{
        "id": "OBS-3",
        "value": false,
        "why": "logs contain e-mail addresses and the credentials in URLs",
        "fix": "set it to true"
    }]))]
    pub emails: bool,
    /// Payment card numbers with a valid Luhn check digit, and identity cards of mainland China
    /// with a valid check character.
    #[schemars(extend("x-unsafe" = [{
        "id": "OBS-3",
        "value": false,
        "why": "logs contain payment card numbers",
        "fix": "set it to true"
    }]))]
    pub cards: bool,
    /// Phone numbers in international format, with a plus, and mobile numbers of mainland China.
    #[schemars(extend("x-unsafe" = [{
        "id": "OBS-3",
        "value": false,
        "why": "logs contain phone numbers",
        "fix": "set it to true"
    }]))]
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
