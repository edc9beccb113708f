use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a message was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// Every attempt failed.
    RetriesExhausted,
    /// The handler said that another attempt would only repeat the failure.
    Rejected,
    /// Its envelope or its payload cannot be read.
    Undecodable,
    /// The group handles no such kind or version of event.
    UnknownType,
    /// The broker has delivered it too often: whoever took it ended before the answer.
    DeliveryLimit,
    /// Something else than this framework put it there.
    Unknown,
}

impl DeadLetterReason {
    /// All of them, for metrics.
    pub const ALL: [Self; 6] = [
        Self::RetriesExhausted,
        Self::Rejected,
        Self::Undecodable,
        Self::UnknownType,
        Self::DeliveryLimit,
        Self::Unknown,
    ];

    /// The reason as headers and metrics have it.
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

    /// The reason of this name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    pub(super) fn parse(text: &str) -> Self {
        Self::named(text).unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for DeadLetterReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
