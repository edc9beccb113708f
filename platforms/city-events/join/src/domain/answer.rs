use city_events_contract::Moment;

use super::{JoinError, JoinStatus};

/// What a key of idempotency is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Join,
    Cancel,
}

impl Action {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Cancel => "cancel",
        }
    }
}

/// What was decided of the places of an event, and is answered again to a repeat.
///
/// Refusals for another reason (no such event, banned, closed) are not answers in this sense: nothing was decided, and a repeat is looked at anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decided {
    /// How they take part now.
    Status(JoinStatus),
    /// There was neither a place nor one on the waitlist.
    Full,
    /// They had a place or waited already.
    AlreadyIn,
}

/// What was decided, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) decided: Decided,
    pub(crate) at: Moment,
}

impl Answer {
    /// In the words of the table of keys.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self.decided {
            Decided::Status(status) => status.as_str(),
            Decided::Full => "full",
            Decided::AlreadyIn => "already_in",
        }
    }

    /// What such words mean.
    pub(crate) fn of(words: &str, at: Moment) -> Option<Self> {
        let decided = match words {
            "full" => Decided::Full,
            "already_in" => Decided::AlreadyIn,
            status => Decided::Status(status.parse().ok()?),
        };
        Some(Self { decided, at })
    }

    /// For the caller.
    pub(crate) const fn result(self) -> Result<(JoinStatus, Moment), JoinError> {
        match self.decided {
            Decided::Status(status) => Ok((status, self.at)),
            Decided::Full => Err(JoinError::EventFull),
            Decided::AlreadyIn => Err(JoinError::AlreadyIn),
        }
    }
}
