use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason why a message was dead-lettered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// Every attempt failed.
    RetriesExhausted,
    /// The handler rejected the message.
    Rejected,
    /// The envelope or the payload cannot be decoded.
    Undecodable,
    /// The group has no handler for the event type or its version.
    UnknownType,
    /// The broker delivered the message too often without an acknowledgement.
    DeliveryLimit,
    /// Another publisher, such as the broker itself, created the dead letter.
    Unknown,
}

impl DeadLetterReason {
    /// All reasons, for metrics.
    pub const ALL: [Self; 6] = [
        Self::RetriesExhausted,
        Self::Rejected,
        Self::Undecodable,
        Self::UnknownType,
        Self::DeliveryLimit,
        Self::Unknown,
    ];

    /// Returns the reason as text for headers and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RetriesExhausted => "retries_exhausted",
            Self::Rejected => "rejected",
            Self::Undecodable => "undecodable",
            Self::UnknownType => "unknown_type",
            Self::DeliveryLimit => "delivery_limit",
            Self::Unknown => "unknown",
        }
    }

    /// Parses a reason.
    #[must_use]
    pub fn from_name(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    pub(super) fn parse(text: &str) -> Self {
        Self::from_name(text).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for DeadLetterReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
