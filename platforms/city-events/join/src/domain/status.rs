use std::str::FromStr;

use seaworthy::prelude::*;

/// How somebody takes part in an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JoinStatus {
    /// Has a place.
    Active,
    /// Waits for one.
    Waitlisted,
    /// Gave it back.
    Canceled,
    /// The event was canceled.
    Expired,
    /// Was removed.
    Rejected,
}

impl JoinStatus {
    pub(crate) const ALL: [Self; 5] = [
        Self::Active,
        Self::Waitlisted,
        Self::Canceled,
        Self::Expired,
        Self::Rejected,
    ];

    /// The name in tables, messages and answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waitlisted => "waitlisted",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// Whether it takes up a place or one on the waitlist.
    pub(crate) const fn is_in(self) -> bool {
        matches!(self, Self::Active | Self::Waitlisted)
    }
}

/// A text is none of the names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownStatus;

impl FromStr for JoinStatus {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.as_str() == name)
            .ok_or(UnknownStatus)
    }
}
