use std::{fmt, str, sync::Arc};

/// The identifier of a request, from the gateway to the last worker (OBS-7).
///
/// A client's identifier is used if it is valid: 1 to 128 letters, digits and `-._~:/+=@`. These
/// characters need no escaping in headers, logs and URLs. A UUID in braces is also accepted.
///
/// ```
/// use seaworthy_core::RequestId;
///
/// assert!(RequestId::generate().is_uuid());
/// assert_eq!(RequestId::parse(b"order-7").unwrap().as_str(), "order-7");
/// assert!(RequestId::parse(b"two words").is_err());
/// ```
#[derive(Clone)]
pub struct RequestId(Representation);

#[derive(Clone)]
enum Representation {
    Generated([u8; UUID_LENGTH]),
    Given(Arc<str>),
}

const UUID_LENGTH: usize = 36;

/// The text is not a valid request ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a request ID must have 1 to {} letters, digits or -._~:/+=@",
    RequestId::MAX_LENGTH
)]
pub struct InvalidRequestId;

impl RequestId {
    /// Maximum length in bytes, enough for two UUIDs with prefixes.
    pub const MAX_LENGTH: usize = 128;

    /// Returns a new identifier, a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        let mut text = [0; UUID_LENGTH];
        crate::new_id().hyphenated().encode_lower(&mut text);
        Self(Representation::Generated(text))
    }

    /// Parses an identifier from a client.
    ///
    /// # Errors
    /// [`InvalidRequestId`] if the text is empty, too long, or contains another character.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidRequestId> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/+=@".contains(byte);
        let is_plain =
            !text.is_empty() && text.len() <= Self::MAX_LENGTH && text.iter().all(allowed);
        let is_braced = text.starts_with(b"{") && uuid::Uuid::try_parse_ascii(text).is_ok();
        if !is_plain && !is_braced {
            return Err(InvalidRequestId);
        }
        let text = str::from_utf8(text).map_err(|_| InvalidRequestId)?;
        Ok(Self(Representation::Given(text.into())))
    }

    /// Returns whether this service generated it, so that it contains no client input.
    #[must_use]
    pub const fn is_generated(&self) -> bool {
        matches!(self.0, Representation::Generated(_))
    }

    /// Returns whether it is a UUID of any version: hyphenated, as a URN, in braces or simple.
    #[must_use]
    pub fn is_uuid(&self) -> bool {
        self.is_generated() || uuid::Uuid::try_parse(self.as_str()).is_ok()
    }

    /// Returns the identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Representation::Generated(text) => str::from_utf8(text).unwrap_or_default(),
            Representation::Given(text) => text,
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RequestId {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn generated_id_is_valid_obs_7() {
        let id = RequestId::generate();
        let parsed = RequestId::parse(id.as_str().as_bytes()).unwrap();
        assert_eq!(parsed, id);
        assert!(id.is_generated() && !parsed.is_generated());
    }

    #[test]
    fn is_uuid_accepts_every_uuid_form_obs_7() {
        assert!(RequestId::generate().is_uuid());
        for (text, is_uuid) in [
            ("1b4e28ba-2fa1-4d1c-883f-0016d3cca427", true),
            ("1B4E28BA-2FA1-1D1C-883F-0016D3CCA427", true),
            ("urn:uuid:1b4e28ba-2fa1-4d1c-883f-0016d3cca427", true),
            ("1b4e28ba2fa14d1c883f0016d3cca427", true),
            ("{1b4e28ba-2fa1-4d1c-883f-0016d3cca427}", true),
            ("not-a-uuid", false),
            ("1b4e28ba-2fa1-4d1c-883f-0016d3cca42", false),
        ] {
            let id = RequestId::parse(text.as_bytes()).unwrap();
            assert_eq!(id.is_uuid(), is_uuid, "{text}");
        }
    }

    #[test]
    fn parse_rejects_malformed_ids_obs_7() {
        for text in [
            "",
            " ",
            "a b",
            "a\nb",
            "a\"b",
            "é",
            "a;b",
            "{a}",
            &"x".repeat(129),
        ] {
            assert_eq!(
                RequestId::parse(text.as_bytes()),
                Err(InvalidRequestId),
                "{text:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn parse_preserves_accepted_bytes_obs_7(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                "[{]?[-0-9a-f]{32,40}[}]?|[ -~]{1,130}".prop_map(String::into_bytes),
            ]
        ) {
            if let Ok(id) = RequestId::parse(&bytes) {
                prop_assert_eq!(id.as_str().as_bytes(), &bytes[..]);
                prop_assert!(!id.as_str().contains(['"', '\\', '\n', '\r', ' ']));
                prop_assert!((1..=RequestId::MAX_LENGTH).contains(&bytes.len()));
                let _ = id.is_uuid();
            }
        }
    }
}
