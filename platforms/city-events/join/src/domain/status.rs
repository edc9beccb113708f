use std::str::FromStr;

use seaworthy::prelude::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JoinStatus {
    /// The user has a seat.
    Active,
    /// The user is on the waitlist.
    Waitlisted,
    /// The user left.
    Canceled,
    /// The event was canceled.
    Expired,
    /// An organizer removed the user.
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

    /// Returns the name in tables, messages and responses.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waitlisted => "waitlisted",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// Returns whether the user has a seat or is on the waitlist.
    pub(crate) const fn is_current(self) -> bool {
        matches!(self, Self::Active | Self::Waitlisted)
    }
}

/// The text is not the name of a status.
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
