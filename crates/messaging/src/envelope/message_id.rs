use std::{fmt, sync::Arc};

/// The maximum length of an ID in bytes.
const MAX_LENGTH: usize = 255;

/// The ID of a message. Redeliveries and replays keep it, so an inbox recognizes duplicates by it.
/// Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Arc<str>);

/// The text is not a valid message ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid message ID: use 1–{MAX_LENGTH} bytes without control characters")]
pub struct InvalidMessageId;

impl MessageId {
    /// Generates an ID, a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = seaworthy_core::new_id()
            .hyphenated()
            .encode_lower(&mut text);
        Self((&*text).into())
    }

    /// Parses an ID.
    ///
    /// # Errors
    /// [`InvalidMessageId`] if the text is empty, longer than 255 bytes or has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidMessageId> {
        if text.is_empty() || text.len() > MAX_LENGTH || text.chars().any(char::is_control) {
            return Err(InvalidMessageId);
        }
        Ok(Self(text.into()))
    }

    /// Derives an ID from the content of a message without one. A redelivery of the message has the
    /// same ID.
    #[must_use]
    pub fn of_content(topic: &str, payload: &[u8]) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::new()
            .chain_update(topic)
            .chain_update(b"\n")
            .chain_update(payload)
            .finalize();
        let mut text = String::from("hash:");
        for byte in digest {
            text.push_str(&format!("{byte:02x}"));
        }
        Self(text.into())
    }

    /// Returns the ID as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, formatter)
    }
}
