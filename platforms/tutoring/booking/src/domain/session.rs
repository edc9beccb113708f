use seaworthy::prelude::*;

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionStatus {
    Scheduled,
    /// The trainer has arrived, and the student has the code.
    PendingVerification,
    InProgress,
    /// The trainer has ended the session.
    PendingConfirmation,
    Completed,
    Disputed,
    Cancelled,
}

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Verify,
    End,
    Confirm,
    Dispute,
    Cancel,
    /// A cancellation so late that the session counts as held.
    CancelLate,
}

impl SessionStatus {
    const ALL: [Self; 7] = [
        Self::Scheduled,
        Self::PendingVerification,
        Self::InProgress,
        Self::PendingConfirmation,
        Self::Completed,
        Self::Disputed,
        Self::Cancelled,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::PendingVerification => "pending_verification",
            Self::InProgress => "in_progress",
            Self::PendingConfirmation => "pending_confirmation",
            Self::Completed => "completed",
            Self::Disputed => "disputed",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Returns the state after an action, or `None` if the state does not allow it.
    pub(crate) const fn after(self, action: Action) -> Option<Self> {
        match (self, action) {
            // A trainer may ask for a new code.
            (Self::Scheduled | Self::PendingVerification, Action::Start) => {
                Some(Self::PendingVerification)
            }
            (Self::PendingVerification, Action::Verify) => Some(Self::InProgress),
            (Self::InProgress, Action::End) => Some(Self::PendingConfirmation),
            (Self::PendingConfirmation | Self::Disputed, Action::Confirm)
            | (Self::Scheduled, Action::CancelLate) => Some(Self::Completed),
            (Self::PendingConfirmation, Action::Dispute) => Some(Self::Disputed),
            (Self::Scheduled | Self::Disputed, Action::Cancel) => Some(Self::Cancelled),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACTIONS: [Action; 7] = [
        Action::Start,
        Action::Verify,
        Action::End,
        Action::Confirm,
        Action::Dispute,
        Action::Cancel,
        Action::CancelLate,
    ];

    #[test]
    fn last_states_have_no_action_data_4() {
        for status in [SessionStatus::Completed, SessionStatus::Cancelled] {
            assert!(ACTIONS.iter().all(|action| status.after(*action).is_none()));
        }
        for status in SessionStatus::ALL {
            assert_eq!(SessionStatus::from_name(status.as_str()), Some(status));
        }
    }

    proptest! {
        #[test]
        fn session_is_held_only_after_the_code_data_4(
            actions in prop::collection::vec(prop::sample::select(ACTIONS.to_vec()), 0..30)
        ) {
            let (mut status, mut verified, mut late) = (SessionStatus::Scheduled, false, false);
            for action in actions {
                if let Some(next) = status.after(action) {
                    verified |= action == Action::Verify;
                    late |= action == Action::CancelLate;
                    status = next;
                }
            }
            prop_assert!(status != SessionStatus::Completed || verified || late);
        }
    }
}
