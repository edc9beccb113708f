use seaworthy::{
    data::chrono::{DateTime, TimeDelta, Utc},
    prelude::*,
};

use super::errors;

/// A rejected trainer may apply again after this time.
const REAPPLY_AFTER: TimeDelta = TimeDelta::days(30);

named! {
    /// The state of an application.
    pub(crate) enum ReviewStatus {
        Pending = "PENDING",
        Approved = "APPROVED",
        Rejected = "REJECTED",
        OnHold = "ON_HOLD",
    }
}

impl ReviewStatus {
    /// Returns the status of the trainer.
    pub(crate) const fn approval(self) -> &'static str {
        match self {
            Self::Pending | Self::OnHold => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// Checks whether a trainer with an application may send another one.
    ///
    /// # Errors
    /// `CONFLICT`.
    pub(crate) fn may_reapply(
        self,
        reviewed_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        match self {
            Self::Rejected if reviewed_at.is_some_and(|at| now - at >= REAPPLY_AFTER) => Ok(()),
            Self::Rejected => Err(errors::rejected_recently()),
            Self::Pending | Self::OnHold => Err(errors::application_pending()),
            Self::Approved => Err(errors::application_decided()),
        }
    }
}

/// A decision of an admin on an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Reject,
    Hold,
    Reopen,
}

impl Decision {
    /// The action in the audit log.
    pub(crate) const fn action(self) -> &'static str {
        match self {
            Self::Approve => "trainer.approve",
            Self::Reject => "trainer.reject",
            Self::Hold => "trainer.hold",
            Self::Reopen => "trainer.reopen",
        }
    }

    /// Returns the status after the decision.
    ///
    /// # Errors
    /// `CONFLICT` if the application is not in the state that the decision needs.
    pub(crate) fn apply(self, status: ReviewStatus) -> Result<ReviewStatus, Error> {
        match (self, status) {
            (Self::Approve, ReviewStatus::Pending) => Ok(ReviewStatus::Approved),
            (Self::Reject, ReviewStatus::Pending) => Ok(ReviewStatus::Rejected),
            (Self::Hold, ReviewStatus::Pending) => Ok(ReviewStatus::OnHold),
            (Self::Reopen, ReviewStatus::OnHold) => Ok(ReviewStatus::Pending),
            _ => Err(errors::not_decidable(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decision_needs_its_state_api_2() {
        for decision in [Decision::Approve, Decision::Reject, Decision::Hold] {
            assert!(decision.apply(ReviewStatus::Pending).is_ok());
            for status in [
                ReviewStatus::Approved,
                ReviewStatus::Rejected,
                ReviewStatus::OnHold,
            ] {
                assert_eq!(decision.apply(status).unwrap_err().code(), Code::Conflict);
            }
        }
        assert_eq!(
            Decision::Reopen.apply(ReviewStatus::OnHold).unwrap(),
            ReviewStatus::Pending
        );
        assert!(Decision::Reopen.apply(ReviewStatus::Rejected).is_err());
    }

    #[test]
    fn rejected_trainer_waits_30_days_api_2() {
        let now = Utc::now();
        let after =
            |days| ReviewStatus::Rejected.may_reapply(Some(now - TimeDelta::days(days)), now);
        assert!(after(29).is_err());
        assert!(after(30).is_ok());
        assert!(ReviewStatus::Pending.may_reapply(None, now).is_err());
    }
}
