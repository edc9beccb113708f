use seaworthy::named;

named! {
    /// The state of a session.
    pub(crate) enum SessionStatus {
        Scheduled = "scheduled",
        /// The trainer has arrived, and the student has the code.
        PendingVerification = "pending_verification",
        InProgress = "in_progress",
        /// The trainer has ended the session.
        PendingConfirmation = "pending_confirmation",
        Completed = "completed",
        Disputed = "disputed",
        Cancelled = "cancelled",
    }
}

/// An action that changes the state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Verify,
    End,
    Confirm,
    Dispute,
    Cancel,
    /// A cancellation within 12 hours of the start. The session counts as held.
    CancelLate,
}

impl SessionStatus {
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
            (
                Self::Scheduled | Self::PendingVerification | Self::InProgress | Self::Disputed,
                Action::Cancel,
            ) => Some(Self::Cancelled),
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
