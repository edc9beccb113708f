use city_events_contract::Timestamp;

use super::{JoinStatus, Rejection};

/// The decision about a command.
///
/// The service records it with the idempotency key and returns it for a repeat. It does not record
/// other rejections, such as those of a banned user, and evaluates their repeats again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The join has this status.
    Status(JoinStatus),
    /// All seats and the waitlist are full.
    Full,
    /// The join was active or waitlisted already.
    AlreadyJoined,
}

/// A decision with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) decision: Decision,
    pub(crate) at: Timestamp,
}

impl Outcome {
    /// Returns the name in the table of idempotency keys.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self.decision {
            Decision::Status(status) => status.as_str(),
            Decision::Full => "full",
            Decision::AlreadyJoined => "already_in",
        }
    }

    /// Parses a name of the table of idempotency keys.
    pub(crate) fn parse(name: &str, at: Timestamp) -> Option<Self> {
        let decision = match name {
            "full" => Decision::Full,
            "already_in" => Decision::AlreadyJoined,
            status => Decision::Status(status.parse().ok()?),
        };
        Some(Self { decision, at })
    }

    /// Returns the status of the join and its time, or the rejection.
    pub(crate) const fn into_result(self) -> Result<(JoinStatus, Timestamp), Rejection> {
        match self.decision {
            Decision::Status(status) => Ok((status, self.at)),
            Decision::Full => Err(Rejection::EventFull),
            Decision::AlreadyJoined => Err(Rejection::AlreadyJoined),
        }
    }
}
