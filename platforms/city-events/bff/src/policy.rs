//! Decides what a caller may do with an event, without I/O.

use chrono::{DateTime, Utc};
use city_events_contract::{Role, event::v1::EventStatus};
use serde::Serialize;

/// The input of the decision.
#[derive(Debug, Clone)]
pub(crate) struct PolicyInput<'a> {
    pub(crate) is_authenticated: bool,
    /// The caller's role.
    pub(crate) role: Role,
    /// Whether the caller owns the event.
    pub(crate) is_owner: bool,
    /// The caller's join status in the interface. `None` if the join service did not respond.
    pub(crate) participation: Option<&'a str>,
    pub(crate) status: EventStatus,
    /// The maximum number of participants. 0 is unlimited, a negative number closes the event.
    pub(crate) capacity: i32,
    pub(crate) starts_at: Option<DateTime<Utc>>,
    pub(crate) ends_at: Option<DateTime<Utc>>,
    pub(crate) now: DateTime<Utc>,
}

/// The allowed actions, and the reason if the caller may not join.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Actions {
    pub(crate) can_join: bool,
    pub(crate) can_cancel: bool,
    pub(crate) can_cancel_event: bool,
    pub(crate) can_unpublish: bool,
    pub(crate) can_edit: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) reason: &'static str,
}

/// Decides what the caller may do. The first matching case gives the reason.
pub(crate) fn actions(input: &PolicyInput<'_>) -> Actions {
    let none = |reason| Actions {
        reason,
        ..Actions::default()
    };
    if !input.is_authenticated {
        return none("auth_required");
    }
    let Some(participation) = input.participation else {
        return none("participation_unavailable");
    };
    let is_upcoming = input
        .starts_at
        .is_some_and(|starts_at| starts_at > input.now);
    let has_ended = input.ends_at.is_some_and(|ends_at| ends_at <= input.now);
    let is_canceled = input.status == EventStatus::Canceled;
    let may_manage = input.is_owner || input.role >= Role::Moderator;
    let can_cancel_event = may_manage && is_upcoming && !is_canceled;
    let base = Actions {
        can_cancel_event,
        can_unpublish: can_cancel_event && input.status == EventStatus::Published,
        can_edit: input.is_owner && !is_canceled,
        ..Actions::default()
    };
    let with = |reason| Actions { reason, ..base };
    match participation {
        _ if input.is_owner => with("is_organizer"),
        "active" | "waitlisted" => Actions {
            can_cancel: is_upcoming,
            ..with("already_joined")
        },
        "rejected" => with("banned_or_rejected"),
        _ if has_ended => with("event_ended"),
        _ if input.capacity < 0 || input.status != EventStatus::Published => with("event_closed"),
        _ => Actions {
            can_join: true,
            ..base
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn input() -> PolicyInput<'static> {
        let now = Utc::now();
        PolicyInput {
            is_authenticated: true,
            role: Role::User,
            is_owner: false,
            participation: Some("none"),
            status: EventStatus::Published,
            capacity: 10,
            starts_at: Some(now + Duration::hours(1)),
            ends_at: Some(now + Duration::hours(2)),
            now,
        }
    }

    fn flags(actions: Actions) -> [bool; 5] {
        [
            actions.can_join,
            actions.can_cancel,
            actions.can_cancel_event,
            actions.can_unpublish,
            actions.can_edit,
        ]
    }

    #[test]
    fn first_matching_case_gives_reason() {
        let (yes, no) = (true, false);
        let now = input().now;
        let past = Some(now - Duration::minutes(1));
        let started = PolicyInput {
            starts_at: past,
            ..input()
        };
        let ended = PolicyInput {
            starts_at: past,
            ends_at: past,
            ..input()
        };
        for (case, expected, reason) in [
            (
                PolicyInput {
                    is_authenticated: false,
                    is_owner: true,
                    ..input()
                },
                [no; 5],
                "auth_required",
            ),
            (
                PolicyInput {
                    participation: None,
                    is_owner: true,
                    ..input()
                },
                [no; 5],
                "participation_unavailable",
            ),
            (
                PolicyInput {
                    is_owner: true,
                    ..input()
                },
                [no, no, yes, yes, yes],
                "is_organizer",
            ),
            (
                PolicyInput {
                    is_owner: true,
                    ..started.clone()
                },
                [no, no, no, no, yes],
                "is_organizer",
            ),
            (
                PolicyInput {
                    participation: Some("active"),
                    ..input()
                },
                [no, yes, no, no, no],
                "already_joined",
            ),
            (
                PolicyInput {
                    participation: Some("waitlisted"),
                    ..started.clone()
                },
                [no; 5],
                "already_joined",
            ),
            (
                PolicyInput {
                    participation: Some("rejected"),
                    ..ended.clone()
                },
                [no; 5],
                "banned_or_rejected",
            ),
            (ended, [no; 5], "event_ended"),
            (
                PolicyInput {
                    capacity: -1,
                    ..input()
                },
                [no; 5],
                "event_closed",
            ),
            (input(), [yes, no, no, no, no], ""),
            (
                PolicyInput {
                    participation: Some("canceled"),
                    ..input()
                },
                [yes, no, no, no, no],
                "",
            ),
            (
                PolicyInput {
                    role: Role::Moderator,
                    ..input()
                },
                [yes, no, yes, yes, no],
                "",
            ),
            (started, [yes, no, no, no, no], ""),
        ] {
            let actions = actions(&case);
            assert_eq!(
                (flags(actions), actions.reason),
                (expected, reason),
                "{case:?}"
            );
        }
    }

    #[test]
    fn joining_is_closed_for_unpublished_events() {
        for status in [EventStatus::Draft, EventStatus::Canceled] {
            let allowed = actions(&PolicyInput {
                role: Role::Moderator,
                status,
                ..input()
            });
            assert!(
                !allowed.can_join && allowed.reason == "event_closed",
                "{status:?}"
            );
            assert!(!allowed.can_unpublish);
            assert_eq!(allowed.can_cancel_event, status == EventStatus::Draft);
        }
    }
}
