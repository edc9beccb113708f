//! Redaction of personal and secret data in every text that leaves the service (OBS-3).
//!
//! Wrap sensitive values in [`Personal`](seaworthy_core::Personal) or
//! [`Secret`](seaworthy_core::Secret): these types never print their content. The filter in this
//! module is the second line of defence. It masks values of fields with sensitive names. In any
//! other text it masks these values:
//!
//! - credentials
//! - e-mail addresses
//! - payment cards
//! - phone numbers with a country code
//! - mobile numbers and identity cards of mainland China
//! - public IP addresses
//!
//! The filter is a single pass over the bytes, and a text without a match is not copied.

mod body;
mod bytes;
mod card;
mod china;
mod clean;
mod config;
mod email_and_phone;
mod ip;
mod keyed;
mod name;
mod scan;
mod token;

use std::{borrow::Cow, sync::Arc};

pub use body::redact_body;
pub(crate) use clean::CleanTexts;
pub use config::RedactionConfig;
pub(crate) use ip::{is_public, network_of};
pub use name::is_sensitive_name;
use seaworthy_core::RequestId;

/// The text that replaces a masked value.
pub const MASK: &str = "***";

/// Maximum number of decodings of percent-encoded text within percent-encoded text.
const MAX_DECODINGS: u8 = 3;

/// Masks personal and secret data by the classes and patterns of a [`RedactionConfig`]. Cheap to
/// clone.
///
/// ```
/// use seaworthy_telemetry::redact::{Redactor, RedactionConfig};
///
/// let config = RedactionConfig {
///     emails: false,
///     patterns: vec!["EMP-[0-9]{6}".parse()?],
///     ..RedactionConfig::default()
/// };
/// let redactor = Redactor::new(&config);
/// assert_eq!(
///     redactor.redact("ada@example.org is EMP-004711, password=hunter2"),
///     "ada@example.org is ***, password=***"
/// );
/// # Ok::<(), seaworthy_core::mask::InvalidPattern>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Redactor(Arc<RedactionConfig>);

impl Redactor {
    /// Creates a redactor with these classes and patterns.
    #[must_use]
    pub fn new(config: &RedactionConfig) -> Self {
        Self(Arc::new(config.clone()))
    }

    /// Returns the text with every match replaced by [`MASK`]. Borrowed if nothing matches.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        redact_with(&self.0, text)
    }

    /// Whether every value of a field with this name is masked.
    #[must_use]
    pub fn is_sensitive_name(&self, name: &str) -> bool {
        self.0.sensitive_fields && is_sensitive_name(name)
    }

    /// Whether a number is masked, by the name of its field or by its digits.
    pub(crate) fn is_masked_number(&self, name: &str, digits: &str) -> bool {
        self.is_sensitive_name(name) || matches!(self.redact(digits), Cow::Owned(_))
    }

    /// Whether IP addresses are reduced to their network.
    pub(crate) fn masks_ip_addresses(&self) -> bool {
        self.0.ip_addresses
    }
}

/// Returns the text with every match of the built-in classes replaced by [`MASK`]. Borrowed if
/// there is no match.
///
/// ```
/// use seaworthy_telemetry::redact::redact;
///
/// assert_eq!(redact("GET /reset?token=abc&page=2"), "GET /reset?token=***&page=2");
/// ```
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    redact_with(&RedactionConfig::DEFAULT, text)
}

/// Returns a request ID for a stored record. Masks e-mail addresses, cards and tokens in an ID that
/// a client chose.
///
/// ```
/// use seaworthy_core::RequestId;
/// use seaworthy_telemetry::redact::redact_request_id;
///
/// let id = RequestId::parse(b"ada@example.org")?;
/// assert_eq!(redact_request_id(&id), "***");
/// # Ok::<(), seaworthy_core::InvalidRequestId>(())
/// ```
#[must_use]
pub fn redact_request_id(id: &RequestId) -> Cow<'_, str> {
    if id.is_generated() {
        return Cow::Borrowed(id.as_str());
    }
    redact(id.as_str())
}

fn redact_with<'a>(config: &RedactionConfig, text: &'a str) -> Cow<'a, str> {
    let masked = redact_once(config, text, MAX_DECODINGS);
    config.patterns.iter().fold(masked, |masked, pattern| {
        match pattern.replace_all(&masked, MASK) {
            Cow::Borrowed(_) => masked,
            Cow::Owned(text) => Cow::Owned(text),
        }
    })
}

/// Masks the unchanged text, then its percent-decoded form. The result is the decoded form only if
/// decoding reveals a match.
fn redact_once<'a>(config: &RedactionConfig, text: &'a str, decodings: u8) -> Cow<'a, str> {
    let (masked, is_encoded) = scan::mask(config, text);
    if is_encoded
        && decodings > 0
        && let Some(decoded) = bytes::percent_decoded(&masked)
        && let Cow::Owned(revealed) = redact_once(config, &decoded, decodings - 1)
    {
        return Cow::Owned(revealed);
    }
    masked
}

#[cfg(test)]
mod tests;
