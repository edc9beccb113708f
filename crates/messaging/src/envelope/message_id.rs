use std::{fmt, sync::Arc};

/// The longest identifier: room for a UUID, a hash or a key of a foreign publisher.
const LONGEST: usize = 255;

/// Identifies a message, also when it is delivered again or replayed: what an inbox remembers. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(Arc<str>);

/// The text identifies no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the identifier of a message has 1 to {LONGEST} bytes and no control characters")]
pub struct InvalidMessageId;

impl MessageId {
    /// A new one, a UUIDv7.
    #[must_use]
    pub fn generate() -> Self {
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = seaworthy_core::new_id()
            .hyphenated()
            .encode_lower(&mut text);
        Self((&*text).into())
    }

    /// One that came from outside.
    ///
    /// # Errors
    /// [`InvalidMessageId`] when it is empty, longer than 255 bytes or has control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidMessageId> {
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(InvalidMessageId);
        }
        Ok(Self(text.into()))
    }

    /// The identifier of a message that came without one: what it says decides, so that the same message has the same identifier when it comes again.
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

    /// The identifier as text.
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
