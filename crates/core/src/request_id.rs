use std::{fmt, str, sync::Arc};

/// Identifies one request from the edge to the last worker (OBS-7).
///
/// A client's own identifier is kept when it is valid: 1 to 128 characters out of letters, digits and `-._~:/+=@`. That alphabet is safe in a
/// header, a log line and a URL, so the identifier never needs escaping. A UUID in braces, as some libraries write it, is safe in the first two and kept as well.
#[derive(Clone)]
pub struct RequestId(Representation);

#[derive(Clone)]
enum Representation {
    Generated([u8; UUID_LENGTH]),
    Given(Arc<str>),
}

const UUID_LENGTH: usize = 36;

/// The text is not a request identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a request ID has 1 to {} characters out of letters, digits and -._~:/+=@",
    RequestId::MAXIMUM_LENGTH
)]
pub struct InvalidRequestId;

impl RequestId {
    /// The longest identifier accepted, in bytes: enough for two UUIDs with prefixes, short enough to repeat on every log line.
    pub const MAXIMUM_LENGTH: usize = 128;

    /// A new identifier, a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        let mut text = [0; UUID_LENGTH];
        crate::new_id().hyphenated().encode_lower(&mut text);
        Self(Representation::Generated(text))
    }

    /// Checks an identifier that came from outside.
    ///
    /// # Errors
    /// [`InvalidRequestId`] when the text is empty, too long, or has a character outside the alphabet.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidRequestId> {
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/+=@".contains(byte);
        let is_word =
            !text.is_empty() && text.len() <= Self::MAXIMUM_LENGTH && text.iter().all(allowed);
        let is_braced = text.starts_with(b"{") && uuid::Uuid::try_parse_ascii(text).is_ok();
        if !is_word && !is_braced {
            return Err(InvalidRequestId);
        }
        let text = str::from_utf8(text).map_err(|_| InvalidRequestId)?;
        Ok(Self(Representation::Given(text.into())))
    }

    /// Whether it was made here, so that it holds nothing a caller chose.
    #[must_use]
    pub const fn is_generated(&self) -> bool {
        matches!(self.0, Representation::Generated(_))
    }

    /// Whether it is a UUID of any version: in the usual form, after `urn:uuid:`, in braces, or bare.
    #[must_use]
    pub fn is_uuid(&self) -> bool {
        self.is_generated() || uuid::Uuid::try_parse(self.as_str()).is_ok()
    }

    /// The identifier as text.
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
    fn a_generated_id_is_itself_a_valid_id_obs_7() {
        let id = RequestId::generate();
        let parsed = RequestId::parse(id.as_str().as_bytes()).unwrap();
        assert_eq!(parsed, id);
        assert!(id.is_generated() && !parsed.is_generated());
    }

    #[test]
    fn a_uuid_is_told_in_every_form_obs_7() {
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
    fn malformed_ids_are_refused_obs_7() {
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
        fn an_accepted_id_is_kept_to_the_letter_obs_7(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(id) = RequestId::parse(&bytes) {
                prop_assert_eq!(id.as_str().as_bytes(), &bytes[..]);
                prop_assert!(!id.as_str().contains(['"', '\\', '\n', '\r', ' ']));
            }
        }
    }
}
